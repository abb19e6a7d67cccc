import CGumbo
import Foundation
import ScrapeService

/// What is done with each page.
enum BenchWork: String {
    case parse
    case extract
    /// Parsing by gumbo, for comparison.
    case gumbo
}

/// Runs over all pages again and again for some time.
struct ExtractionBench {
    private let pages: [PageInput]
    private let seconds: Double
    private let work: BenchWork
    private let plan: ExtractionPlan

    init(pages: [PageInput], seconds: Double, work: BenchWork) throws {
        self.pages = pages
        self.seconds = seconds
        self.work = work
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
        // What comes of it, which also keeps the work from being left out.
        var results = pages.reduce(0) { $0 + perform($1) }
        // The time that the processor worked for us: others use it, too.
        var rounds = 0
        let start = Self.processorSeconds
        var elapsed = 0.0
        repeat {
            for page in pages { results &+= perform(page) }
            rounds += 1
            elapsed = Self.processorSeconds - start
        } while elapsed < seconds
        let result: [String: Any] = [
            "pages": pages.count, "bytes": bytes, "results": results / (rounds + 1),
            "pages_per_second": Double(pages.count * rounds) / elapsed,
        ]
        return try JSONSerialization.data(withJSONObject: result, options: .sortedKeys) + Data("\n".utf8)
    }

    private func perform(_ page: PageInput) -> Int {
        switch work {
        case .parse: return plan.parseOnly(page)
        case .extract:
            let extracted = plan.extract(page)
            return extracted.links.count + extracted.records.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } }
        case .gumbo:
            return unsafe page.bytes.withUnsafeBytes { bytes in
                var options = unsafe kGumboDefaultOptions
                unsafe options.max_errors = 0
                let start = unsafe bytes.assumingMemoryBound(to: CChar.self).baseAddress
                guard let output = unsafe gumbo_parse_with_options(&options, start, bytes.count) else { return 0 }
                unsafe gumbo_destroy_output(&options, output)
                return 1
            }
        }
    }

    private static var processorSeconds: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
