import Crypto
import Foundation

/// Where a page of a list ended: opaque to callers, and good for the request that it was given for only (AIP-158).
enum PageToken {
    private static let bindingSize = 8

    /// Reads a token of a list in the order of time and identifier.
    ///
    /// - Parameters:
    ///   - text: The request's; empty: nil, the first page.
    ///   - request: All by which the request chooses entries, the organization included.
    static func place(_ text: String, for request: [String]) throws(ScrapeError) -> ListPlace? {
        guard let rest = try read(text, for: request) else { return nil }
        guard rest.count > 8, let id = String(validating: rest.dropFirst(8), as: UTF8.self), !id.utf8.contains(0) else {
            throw .pageTokenInvalid
        }
        return ListPlace(time: number(rest), id: id)
    }

    /// Reads a token of a list in the order of numbers.
    static func number(_ text: String, for request: [String]) throws(ScrapeError) -> Int64 {
        guard let rest = try read(text, for: request) else { return 0 }
        guard rest.count == 8 else { throw .pageTokenInvalid }
        return number(rest)
    }

    static func text(_ place: ListPlace, for request: [String]) -> String {
        write(PageNumbers.packed([place.time]) + place.id.utf8, for: request)
    }

    static func text(_ number: Int64, for request: [String]) -> String {
        write(PageNumbers.packed([number]), for: request)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64 {
        PageNumbers.unpacked(Array(bytes.prefix(8))).first ?? 0
    }

    private static func read(_ text: String, for request: [String]) throws(ScrapeError) -> ArraySlice<UInt8>? {
        guard !text.isEmpty else { return nil }
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        let padded = standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: padded), data.count >= bindingSize,
            Array(data.prefix(bindingSize)) == binding(of: request)
        else { throw .pageTokenInvalid }
        return Array(data)[bindingSize...]
    }

    private static func write(_ bytes: [UInt8], for request: [String]) -> String {
        Data(binding(of: request) + bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    /// A digest is enough: who forges a token sees nothing that the request itself would not show.
    private static func binding(of request: [String]) -> [UInt8] {
        var hash = SHA256()
        for part in request { hash.update(data: Data("\(part.utf8.count):\(part)".utf8)) }
        return Array(hash.finalize().prefix(bindingSize))
    }
}

/// How many entries a reply has.
enum PageSize {
    /// - Parameter asked: The request's `page_size`.
    static func entries(_ asked: Int32) -> Int { asked == 0 ? 50 : Int(asked) }
}
