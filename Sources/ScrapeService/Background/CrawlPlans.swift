import ScrapeContract
import SwiftProtobuf
import Synchronization

/// A scraper, made ready for work.
struct CrawlPlan: Sendable {
    let rules: CrawlRules
    /// Nil where nothing is extracted.
    let extraction: ExtractionPlan?
    let starts: [CrawlURL]
    var version: String { extraction?.version ?? "" }
}

/// Makes plans of scrapers, with the operator's terms, and keeps those of jobs at hand.
final class CrawlPlans: Sendable {
    let terms: OperatorTerms
    private let kept = Mutex<[String: CrawlPlan]>([:])
    private static let maximumKept = 256

    init(terms: OperatorTerms) { self.terms = terms }

    /// The plan of a job.
    func compiled(_ job: JobRow) throws -> CrawlPlan {
        if let plan = kept.withLock({ $0[job.id] }) { return plan }
        let plan = try compiled(try Datavault_Scrape_V1_Scraper(serializedBytes: job.plan), field: "plan")
        kept.withLock { kept in
            if kept.count >= Self.maximumKept { kept.removeAll() }
            kept[job.id] = plan
        }
        return plan
    }

    /// Compiles a scraper, or says what is wrong with which of its fields.
    ///
    /// - Parameter field: What the request calls the scraper.
    /// - Throws: `ScrapeError`.
    func compiled(_ scraper: Datavault_Scrape_V1_Scraper, field: String) throws(ScrapeError) -> CrawlPlan {
        let ignored = IgnoredParameters(scraper.scope.ignoredParameters)
        var starts: [CrawlURL] = []
        for (index, text) in scraper.startUrls.enumerated() {
            let name = "\(field).start_urls[\(index)]"
            guard let absolute = LinkResolver.absolute(text), let url = CrawlURL(absolute, ignoring: ignored) else {
                throw .urlInvalid(field: name)
            }
            if terms.isRefused(url.host) { throw .addressNotAllowed(field: name, host: url.host) }
            starts.append(url)
        }
        let scope = ScopeRules(
            hosts: scraper.scope.allowedHosts,
            included: try Self.patterns(scraper.scope.includePaths, "\(field).scope.include_paths"),
            excluded: try Self.patterns(scraper.scope.excludePaths, "\(field).scope.exclude_paths"), starts: starts)
        for (index, url) in starts.enumerated() where scope.hostProblem(with: url) != nil {
            throw .startOutOfScope(field: "\(field).start_urls[\(index)]")
        }
        let rules = try rules(scraper, scope, ignored, starts, field)
        return CrawlPlan(
            rules: rules, extraction: try ExtractionMessages.plan(scraper.extraction, field: "\(field).extraction"),
            starts: starts)
    }

    private static func patterns(_ texts: [String], _ field: String) throws(ScrapeError) -> [PathPattern] {
        var patterns: [PathPattern] = []
        for (index, text) in texts.enumerated() {
            do throws(PatternFault) { patterns.append(try PathPattern(text)) } catch {
                throw .patternInvalid(field: "\(field)[\(index)]", problem: error.reason)
            }
        }
        return patterns
    }

    private func rules(
        _ scraper: Datavault_Scrape_V1_Scraper, _ scope: ScopeRules, _ ignored: IgnoredParameters, _ starts: [CrawlURL],
        _ field: String
    ) throws(ScrapeError) -> CrawlRules {
        let asked = scraper.politeness
        let delay = asked.hasDelay ? asked.delay.microseconds : nil
        let concurrency = Int(asked.concurrency)
        let terms = terms
        var rules = CrawlRules(
            scope: scope,
            userAgent: terms.userAgent + (asked.userAgentSuffix.isEmpty ? "" : " " + asked.userAgentSuffix),
            outside: .init(
                delay: max(delay ?? terms.usualDelay, terms.minimumDelay),
                concurrency: min(max(concurrency, 1), terms.concurrency)),
            inside: .init(
                delay: delay ?? 0,
                concurrency: concurrency > 0
                    ? min(concurrency, terms.insideConcurrency) : (delay ?? 0) > 0 ? 1 : terms.insideConcurrency),
            isInside: { terms.isInside($0) })
        let limits = scraper.limits
        if limits.pages > 0 { rules.limits.pages = limits.pages }
        if limits.hasDepth { rules.limits.depth = Int(limits.depth) }
        if limits.bytes > 0 { rules.limits.bytes = limits.bytes }
        if limits.hasDuration { rules.limits.duration = limits.duration.microseconds }
        if limits.pageBytes > 0 { rules.limits.pageBytes = Int(limits.pageBytes) }
        rules.ignored = ignored
        rules.followsLinks = scraper.scope.hasFollowLinks ? scraper.scope.followLinks : true
        rules.usesSitemaps = scraper.scope.useSitemaps
        rules.keepsDuplicates = scraper.scope.keepDuplicates
        rules.onlyCanonical = scraper.scope.onlyCanonical
        rules.keepsPages = scraper.hasKeepPages ? scraper.keepPages : true
        rules.recordPaths = try Self.patterns(
            scraper.extraction.recordPaths, "\(field).extraction.record_paths")
        rules.startOrigins = Array(Set(starts.map(\.origin))).sorted()
        (rules.pagesPerHost, rules.pagesPerPath) = (terms.pagesPerHost, terms.pagesPerPath)
        rules.knownPages = terms.knownPages
        return rules
    }
}

extension Google_Protobuf_Duration {
    var microseconds: Int64 { seconds * 1_000_000 + Int64(nanos) / 1_000 }
}
