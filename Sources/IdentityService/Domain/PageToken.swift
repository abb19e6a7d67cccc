import Crypto
import Foundation

/// Where a page ended, in a list in the order of time and identifier: opaque to callers, and good for the request that
/// it was given for only (AIP-158).
struct PageToken: Sendable, Hashable {
    /// The last entry's time, in microseconds since 1970.
    let time: Int64
    /// The last entry's identifier.
    let id: String

    /// What stands before an entry of every list.
    static let start = PageToken(time: .min, id: "")

    private static let version: UInt8 = 1
    private static let bindingSize = 8

    init(time: Int64, id: String) { (self.time, self.id) = (time, id) }

    /// Reads a token.
    ///
    /// - Parameters:
    ///   - text: The request's; empty: nil, the first page.
    ///   - request: All by which the request chooses entries, the organization included, and nothing else.
    /// - Throws: `IdentityError.pageTokenInvalid` if it was not made for such a request.
    static func read(_ text: String, for request: [String]) throws(IdentityError) -> PageToken? {
        guard !text.isEmpty else { return nil }
        guard let bytes = decode(text), bytes.count > 1 + bindingSize + 8, bytes[0] == version,
            Array(bytes[1...bindingSize]) == binding(of: request)
        else { throw .pageTokenInvalid }
        let rest = bytes.dropFirst(1 + bindingSize)
        let time = rest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let id = String(validating: rest.dropFirst(8), as: UTF8.self), !id.utf8.contains(0) else {
            throw .pageTokenInvalid
        }
        return PageToken(time: Int64(bitPattern: time), id: id)
    }

    /// The token's text.
    func text(for request: [String]) -> String {
        let time = UInt64(bitPattern: time)
        var bytes = [Self.version] + Self.binding(of: request)
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * $0)) }
        bytes += id.utf8
        return Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    /// A digest is enough: who forges a token sees nothing that the request itself would not show.
    private static func binding(of request: [String]) -> [UInt8] {
        var hash = SHA256()
        for part in request { hash.update(data: Data("\(part.utf8.count):\(part)".utf8)) }
        return Array(hash.finalize().prefix(bindingSize))
    }

    private static func decode(_ text: String) -> [UInt8]? {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        let padded = standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        return Data(base64Encoded: padded).map { [UInt8]($0) }
    }
}
