import ServiceKit

/// Where a page of a log ended.
struct PageToken: Sendable, Hashable {
    /// The last entry's index.
    let index: Int64

    init(index: Int64) { self.index = index }

    /// Reads a token; nil for an empty text, the first page.
    ///
    /// - Parameter request: All by which the request chooses entries, the log included, and nothing else.
    static func read(_ text: String, for request: [String]) throws(ComplianceError) -> PageToken? {
        guard !text.isEmpty else { return nil }
        guard let place = PageTokenText.read(text, numbers: 1, for: request), place.text.isEmpty else {
            throw .pageTokenInvalid
        }
        return PageToken(index: place.numbers[0])
    }

    func text(for request: [String]) -> String { PageTokenText.write([index], for: request) }
}
