@testable import ScrapeService

/// The input's first line is a selector, the rest the page that it is tried on. What it finds is what it finds within
/// `:is()` and within a doubled `:not()`.
func fuzzSelector(_ input: [UInt8]) {
    let line = input.prefix { $0 != 0x0A }
    let page = PageInput(
        bytes: Array(input.dropFirst(line.count + 1)), url: "https://example.com/",
        contentType: "text/html; charset=utf-8")
    let selector = String(decoding: line, as: UTF8.self)
    guard let found = select(selector, page) else { return }
    // Where no combinator stands in front, these mean the same.
    for wrapped in [":is(\(selector))", ":not(:not(\(selector)))", ":is(\(selector), \(selector))"] {
        guard let again = select(wrapped, page) else { continue }
        precondition(again == found, "\(selector) finds \(found.count), \(wrapped) \(again.count)")
    }
}

/// Where the elements stand that a selector finds; nil if it is none, or takes too many steps.
private func select(_ selector: String, _ page: PageInput) -> [SourceRange]? {
    var limits = ExtractionLimits()
    limits.steps = 200_000
    let definition = ExtractionDefinition(recordSelector: selector, fields: [FieldDefinition(name: "a")])
    guard let plan = try? ExtractionPlan(definition, limits: limits) else { return nil }
    let result = plan.extract(page)
    return result.truncations.isEmpty ? result.records.map(\.source) : nil
}
