import Crypto
import Foundation
import Outbound
import ScrapeContract
import SwiftProtobuf

/// What is read out of an answer, on a thread of the extraction pool: pure computing.
struct AnswerReader: Sendable {
    let rules: CrawlRules
    /// Nil: nothing is extracted.
    let plan: ExtractionPlan?
    /// What robots.txt of an origin says, as far as it is in memory.
    let robots: @Sendable (_ origin: String) -> RobotsAnswer?

    /// Media types that are read.
    private static let htmlTypes: Set<String> = ["text/html", "application/xhtml+xml"]

    /// Links after which the reader looks whether it is still wanted.
    static let linksALook = 64

    /// Reads a page's answer with a status of success.
    func read(
        _ page: ClaimedPage, _ answer: FetchedAnswer, at url: CrawlURL, fetchedAt: Int64,
        _ cancellation: WorkCancellation = WorkCancellation()
    ) -> PageResult {
        var result = PageResult(page, .fetched)
        result.contentHash = Array(SHA256.hash(data: answer.body))
        let header = answer.headers["Content-Type"]
        guard Self.isHTML(header, answer.body) else {
            result.status = .leftOut
            result.problem = .contentType
            result.detail =
                "the content is \(Self.mediaType(header).isEmpty ? "of no known type" : Self.mediaType(header))"
            return result
        }
        guard let reader = plan ?? Self.linksOnly else { return PageResult(page, .internal) }
        let extracted = reader.extract(PageInput(bytes: answer.body, url: url.text, contentType: header))
        result.charset = extracted.metadata.charset
        if !extracted.truncations.isEmpty { result.truncatedBy = extracted.truncations.names.joined(separator: " ") }
        let tags = RobotsTags(answer.headers[all: "X-Robots-Tag"], agent: RobotsKeeper.agent)
        let isNoIndex = tags.isNoIndex || extracted.metadata.robots.contains(.noIndex)
        let isNoFollow = tags.isNoFollow || extracted.metadata.robots.contains(.noFollow)
        let canonical = extracted.metadata.canonicalURL.flatMap { CrawlURL($0, ignoring: rules.ignored) }
        if let canonical, canonical != url { result.canonicalURL = canonical.text }
        links(of: extracted, canonical, page, isNoFollow: isNoFollow, cancellation, into: &result)
        if cancellation.wasHeeded { return result }
        if isNoIndex {
            (result.status, result.problem) = (.leftOut, .noIndex)
            result.detail = "the page asks not to be indexed"
            return result
        }
        if rules.onlyCanonical, let canonical, canonical != url, rules.scope.problem(with: canonical) == nil {
            (result.status, result.problem) = (.leftOut, .notCanonical)
            result.detail = "its canonical form is another page of the scope"
            return result
        }
        if let plan, gives(url) {
            let writer = RecordWriter(
                fields: plan.definition.fields, url: url.text, fetchedAt: fetchedAt,
                contentHash: (result.contentHash ?? []).hexadecimal, planVersion: plan.version)
            writer.write(extracted.records, into: &result)
        }
        return result
    }

    private static let linksOnly: ExtractionPlan? = try? ExtractionPlan(
        ExtractionDefinition(fields: [FieldDefinition(name: "title", selector: "title")]))

    private func gives(_ url: CrawlURL) -> Bool {
        if rules.recordPaths.isEmpty { return true }
        let target = url.target
        return rules.recordPaths.contains { $0.isFound(in: target) }
    }

    // MARK: Links

    private func links(
        of extracted: ExtractedPage, _ canonical: CrawlURL?, _ page: ClaimedPage, isNoFollow: Bool,
        _ cancellation: WorkCancellation, into result: inout PageResult
    ) {
        guard rules.followsLinks else { return }
        if isNoFollow {
            result.notFollowed.add(.noFollow, Int64(extracted.links.count))
            return
        }
        var filter = LinkFilter(rules: rules, page: page, robots: robots)
        if rules.onlyCanonical, let canonical { filter.add(canonical) }
        for (number, link) in extracted.links.enumerated() {
            if number % Self.linksALook == 0, cancellation.isHeeded() { return }
            if link.isNoFollow {
                filter.notFollowed.add(.noFollow)
            } else if let url = CrawlURL(link.url, ignoring: rules.ignored) {
                filter.add(url)
            } else {
                filter.notFollowed.add(.urlInvalid)
            }
        }
        result.found += filter.found
        result.notFollowed.add(filter.notFollowed)
    }

    // MARK: Content types

    static func mediaType(_ header: String?) -> String {
        (header ?? "").prefix { $0 != ";" }.trimmed.lowercased()
    }

    /// Whether it is to be read as HTML: by its type, or by its beginning where no type is given.
    static func isHTML(_ header: String?, _ body: [UInt8]) -> Bool {
        let type = mediaType(header)
        guard type.isEmpty else { return htmlTypes.contains(type) }
        let start = body.prefix(512).drop { $0 <= 0x20 || $0 >= 0x80 }.prefix(16)
        let text = String(decoding: start, as: UTF8.self).lowercased()
        return text.hasPrefix("<!doctype html") || text.hasPrefix("<html") || text.hasPrefix("<head")
            || text.hasPrefix("<body") || text.hasPrefix("<!--")
    }
}

/// Which of a page's links become pages of the job.
struct LinkFilter {
    let rules: CrawlRules
    let page: ClaimedPage
    let robots: @Sendable (_ origin: String) -> RobotsAnswer?
    /// Of a redirect: the same depth, and one hop more.
    var isRedirect = false
    /// What matching with robots.txt may cost yet.
    var budget = MatchBudget(steps: MatchBudget.page)
    private(set) var found: [FoundPage] = []
    var notFollowed = ProblemCounts()

    init(rules: CrawlRules, page: ClaimedPage, robots: @escaping @Sendable (_ origin: String) -> RobotsAnswer?) {
        (self.rules, self.page, self.robots) = (rules, page, robots)
    }

    mutating func add(_ url: CrawlURL) {
        if let problem = rules.scope.problem(with: url) { return notFollowed.add(problem) }
        let depth = isRedirect || page.kind == .sitemap ? page.depth : page.depth + 1
        guard depth <= rules.limits.depth else { return notFollowed.add(.tooDeep) }
        guard !rules.traps.isTrap(url) else { return notFollowed.add(.trap) }
        var one = FoundPage(url: url, key: PageKey(of: url.text), depth: depth, referrer: page.number)
        one.hops = isRedirect ? page.hops + 1 : 0
        if url.query != nil { one.pathKey = PageKey(of: url.origin + url.path) }
        if let answer = robots(url.origin), answer.outcome == .found {
            let verdict = answer.file.allows(url.target, spending: &budget)
            if verdict != true { (one.problem, one.robots) = (.robotsDisallowed, .disallowed) }
            if verdict == nil { one.detail = RobotsFile.undecided }
        }
        found.append(one)
    }

    mutating func addSitemap(_ url: CrawlURL) {
        guard rules.scope.hostProblem(with: url) == nil else { return notFollowed.add(.outOfScope) }
        var one = FoundPage(url: url, key: PageKey(of: "sitemap " + url.text), depth: page.depth, referrer: page.number)
        one.kind = .sitemap
        one.hops = page.kind == .sitemap ? page.hops + 1 : 0
        found.append(one)
    }
}

extension PageKey {
    init(of text: String) {
        var digest = SHA256.hash(data: Array(text.utf8)).makeIterator()
        func word() -> UInt64 { (0..<8).reduce(UInt64(0)) { word, _ in word << 8 | UInt64(digest.next() ?? 0) } }
        high = word()
        low = word()
    }
}

extension [UInt8] {
    /// Two digits for each byte, in lower case.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
