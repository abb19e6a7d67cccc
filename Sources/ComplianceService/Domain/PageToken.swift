import Crypto
import Foundation

/// Where a page ended: opaque to callers, and good for the request that it was given for only (AIP-158).
struct PageToken: Sendable, Hashable {
    private static let version: UInt8 = 1
    private static let bindingSize = 8

    /// The last entry's index.
    let index: Int64

    init(index: Int64) { self.index = index }

    /// Reads a token; nil for an empty text, the first page.
    ///
    /// - Parameter request: All by which the request chooses entries, the log included, and nothing else.
    static func read(_ text: String, for request: [String]) throws(ComplianceError) -> PageToken? {
        guard !text.isEmpty else { return nil }
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        let padded = standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        guard let bytes = StrictBase64.decode(padded), bytes.count == 1 + bindingSize + 8, bytes[0] == version,
            Array(bytes[1...bindingSize]) == binding(of: request)
        else { throw .pageTokenInvalid }
        return PageToken(index: bytes.suffix(8).reduce(0) { $0 << 8 | Int64($1) })
    }

    func text(for request: [String]) -> String {
        var writer = LeafWriter()
        writer.write(Self.version)
        writer.write(exactly: Self.binding(of: request))
        writer.write(index)
        return StrictBase64.encode(writer.bytes).replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    /// A digest is enough: who forges a token sees nothing that the request itself would not show.
    private static func binding(of request: [String]) -> [UInt8] {
        var hash = SHA256()
        for part in request { hash.update(data: Data("\(part.utf8.count):\(part)".utf8)) }
        return Array(hash.finalize().prefix(bindingSize))
    }
}
