import ServiceKit

/// Where a page ended: a few numbers and a text.
struct PageToken: Sendable, Hashable {
    let numbers: [Int64]
    let text: String

    init(_ numbers: Int64..., text: String = "") { (self.numbers, self.text) = (numbers, text) }

    private init(_ place: PageTokenText.Place) { (numbers, text) = (place.numbers, place.text) }

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
        guard let place = PageTokenText.read(token, numbers: count, for: request) else { throw .pageTokenInvalid }
        return PageToken(place)
    }

    /// The token's text.
    func token(for request: [String]) -> String { PageTokenText.write(numbers, text, for: request) }
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
