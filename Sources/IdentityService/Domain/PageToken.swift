import ServiceKit

/// Where a page ended, in a list in the order of time and identifier.
struct PageToken: Sendable, Hashable {
    /// The last entry's time, in microseconds since 1970.
    let time: Int64
    /// The last entry's identifier.
    let id: String

    /// What stands before an entry of every list.
    static let start = PageToken(time: .min, id: "")

    init(time: Int64, id: String) { (self.time, self.id) = (time, id) }

    /// Reads a token.
    ///
    /// - Parameters:
    ///   - text: The request's; empty: nil, the first page.
    ///   - request: All by which the request chooses entries, the organization included, and nothing else.
    /// - Throws: `IdentityError.pageTokenInvalid` if it was not made for such a request.
    static func read(_ text: String, for request: [String]) throws(IdentityError) -> PageToken? {
        guard !text.isEmpty else { return nil }
        guard let place = PageTokenText.read(text, numbers: 1, for: request), !place.text.isEmpty else {
            throw .pageTokenInvalid
        }
        return PageToken(time: place.numbers[0], id: place.text)
    }

    /// The token's text.
    func text(for request: [String]) -> String { PageTokenText.write([time], id, for: request) }
}
