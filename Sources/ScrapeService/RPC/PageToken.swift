import ServiceKit

/// Where a page of a list ended.
enum PageToken {
    /// Reads a token of a list in the order of time and identifier.
    ///
    /// - Parameters:
    ///   - text: The request's; empty: nil, the first page.
    ///   - request: All by which the request chooses entries, the organization included.
    static func place(_ text: String, for request: [String]) throws(ScrapeError) -> ListPlace? {
        guard !text.isEmpty else { return nil }
        guard let place = PageTokenText.read(text, numbers: 1, for: request), !place.text.isEmpty else {
            throw .pageTokenInvalid
        }
        return ListPlace(time: place.numbers[0], id: place.text)
    }

    /// Reads a token of a list in the order of numbers.
    static func number(_ text: String, for request: [String]) throws(ScrapeError) -> Int64 {
        guard !text.isEmpty else { return 0 }
        guard let place = PageTokenText.read(text, numbers: 1, for: request), place.text.isEmpty else {
            throw .pageTokenInvalid
        }
        return place.numbers[0]
    }

    static func text(_ place: ListPlace, for request: [String]) -> String {
        PageTokenText.write([place.time], place.id, for: request)
    }

    static func text(_ number: Int64, for request: [String]) -> String { PageTokenText.write([number], for: request) }
}

/// How many entries a reply has.
enum PageSize {
    /// - Parameter asked: The request's `page_size`.
    static func entries(_ asked: Int32) -> Int { asked == 0 ? 50 : Int(asked) }
}
