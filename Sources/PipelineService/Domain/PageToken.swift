import Crypto
import Foundation

/// Where a page ended: a few numbers and a text, opaque to callers, and good for the request that it was given for only
/// (AIP-158).
struct PageToken: Sendable, Hashable {
    var numbers: [Int64]
    var text: String

    init(_ numbers: Int64..., text: String = "") { (self.numbers, self.text) = (numbers, text) }

    private static let version: UInt8 = 1
    private static let bindingSize = 8

    /// Reads a token.
    ///
    /// - Parameters:
    ///   - token: The request's; empty: nil, the first page.
    ///   - request: All by which the request chooses entries, the organization included, and nothing else.
    ///   - count: How many numbers it has to have.
    /// - Throws: `pageTokenInvalid` if it was not made for such a request.
    static func read(
        _ token: String, for request: [String], numbers count: Int
    ) throws(PipelineFault) -> PageToken? {
        guard !token.isEmpty else { return nil }
        let start = 1 + bindingSize
        guard let bytes = decode(token), bytes.count >= start + 8 * count, bytes[0] == version,
            Array(bytes[1..<start]) == binding(of: request)
        else { throw .pageTokenInvalid }
        var result = PageToken()
        for index in 0..<count {
            let bits = bytes[(start + 8 * index)..<(start + 8 * index + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            result.numbers.append(Int64(bitPattern: bits))
        }
        guard let text = String(validating: bytes[(start + 8 * count)...], as: UTF8.self), !text.utf8.contains(0) else {
            throw .pageTokenInvalid
        }
        result.text = text
        return result
    }

    /// The token's text.
    func token(for request: [String]) -> String {
        var bytes = [Self.version] + Self.binding(of: request)
        for number in numbers {
            let bits = UInt64(bitPattern: number)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }
        }
        bytes += text.utf8
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

/// Entries of a page in the order of time, newest first, and the token that gets the next one.
struct Page<Entry> {
    let entries: [Entry]
    let nextToken: String

    /// How many entries a reply has where the request does not say.
    static var defaultSize: Int { 50 }

    /// How many rows a page of the size asked for needs: one more tells whether there is a next page.
    static func rows(_ size: Int32) -> Int { (size == 0 ? defaultSize : Int(size)) + 1 }

    init(_ rows: [Entry], asked: Int32, for request: [String], place: (Entry) -> PageToken) {
        let size = Self.rows(asked) - 1
        entries = Array(rows.prefix(size))
        nextToken = rows.count > size ? entries.last.map { place($0).token(for: request) } ?? "" : ""
    }
}
