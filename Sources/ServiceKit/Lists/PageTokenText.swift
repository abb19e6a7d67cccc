import Crypto
import Foundation

/// The text of page tokens (AIP-158): where a page ended, as a few numbers and a text; opaque to callers, and good for the
/// request that it was given for only. What the numbers mean, each service says.
public enum PageTokenText {
    /// Where a page ended.
    public struct Place: Sendable, Hashable {
        /// As many as the list has.
        public let numbers: [Int64]
        /// An identifier, or nothing.
        public let text: String
    }

    private static let version: UInt8 = 1
    private static let bindingSize = 8
    /// Bytes of a token's text: no place takes more.
    private static let maximumSize = 1_024

    /// Writes a token.
    ///
    /// - Parameter request: All by which the request chooses entries, the organization included, and nothing else.
    public static func write(_ numbers: [Int64], _ text: String = "", for request: [String]) -> String {
        var bytes = [version] + binding(of: request)
        for number in numbers {
            let bits = UInt64(bitPattern: number)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }
        }
        return encode(bytes + text.utf8)
    }

    /// Reads a token; nil if it was not made for such a request.
    ///
    /// - Parameter count: How many numbers it has to have.
    public static func read(_ token: String, numbers count: Int, for request: [String]) -> Place? {
        let start = 1 + bindingSize
        let end = start + 8 * count
        guard token.utf8.count <= maximumSize, let bytes = decode(token), bytes.count >= end, bytes[0] == version,
            Array(bytes[1..<start]) == binding(of: request),
            let text = String(validating: bytes[end...], as: UTF8.self), !text.utf8.contains(0)
        else { return nil }
        let numbers = stride(from: start, to: end, by: 8).map { place in
            Int64(bitPattern: bytes[place..<(place + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
        return Place(numbers: numbers, text: text)
    }

    /// Holds a token to its request. It proves no origin: anybody can write one, so who reads a place takes its numbers for a
    /// request's own, and no token shows more than the request itself would.
    private static func binding(of request: [String]) -> [UInt8] {
        var hash = SHA256()
        for part in request { hash.update(data: Data("\(part.utf8.count):\(part)".utf8)) }
        return Array(hash.finalize().prefix(bindingSize))
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Base64url without padding, in the one way to write it.
    private static func decode(_ text: String) -> [UInt8]? {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        let padded = standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: padded) else { return nil }
        let bytes = [UInt8](data)
        return encode(bytes) == text ? bytes : nil
    }
}
