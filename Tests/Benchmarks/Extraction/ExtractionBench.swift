import Foundation
import ScrapeService

/// Runs over all pages again and again for some time.
struct ExtractionBench {
    private let pages: [PageInput]
    private let seconds: Double
    private let plan: ExtractionPlan

    init(pages: [PageInput], seconds: Double) throws {
        self.pages = pages
        self.seconds = seconds
        // The fields of extraction_bench.py.
        plan = try ExtractionPlan(
            ExtractionDefinition(fields: [
                FieldDefinition(name: "title", selector: "h1"),
                FieldDefinition(name: "headings", selector: "h2, h3", isList: true),
                FieldDefinition(name: "paragraph", selector: "div p:first-of-type"),
                FieldDefinition(name: "code", selector: "pre, code", isList: true),
                FieldDefinition(
                    name: "links", selector: "li > a[href]", take: .attribute("href"), type: .url, isList: true),
            ]))
    }

    func run() throws -> Data {
        let bytes = pages.reduce(0) { $0 + $1.bytes.count }
        var values = 0
        var links = 0
        for page in pages {
            let extracted = plan.extract(page)
            values += extracted.records.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } }
            links += extracted.links.count
        }
        var rounds = 0
        let start = ContinuousClock.now
        var elapsed = 0.0
        repeat {
            for page in pages { _ = plan.extract(page) }
            rounds += 1
            let duration = (ContinuousClock.now - start).components
            elapsed = Double(duration.seconds) + Double(duration.attoseconds) / 1e18
        } while elapsed < seconds
        let result: [String: Any] = [
            "pages": pages.count, "bytes": bytes, "values": values, "links": links,
            "pages_per_second": Double(pages.count * rounds) / elapsed,
            "megabytes_per_second": Double(bytes * rounds) / elapsed / 1e6,
        ]
        return try JSONSerialization.data(withJSONObject: result, options: .sortedKeys) + Data("\n".utf8)
    }
}
