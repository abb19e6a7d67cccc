import Persistence
import ScrapeContract
import ServiceKit
import SwiftProtobuf

extension SystemReason {
    static let previewPages = SystemReason("ask a host within the budget that all share")
}

/// Fetches one page as a job would, and keeps nothing of it.
final class Previewer: Sendable {
    private let store: Store
    private let fetcher: PageFetcher
    private let robots: RobotsKeeper
    private let pool: ExtractionPool
    private let environment: ScrapeEnvironment
    private let places: SharedPlaces

    private static let records = 100
    private static let links = 1_000
    /// How long a preview waits for the host's next free time, in microseconds.
    private static let patience: Int64 = 10_000_000

    init(
        store: Store, fetcher: PageFetcher, robots: RobotsKeeper, pool: ExtractionPool, environment: ScrapeEnvironment,
        limits: ScrapeLimits
    ) {
        (self.store, self.fetcher, self.robots, self.pool) = (store, fetcher, robots, pool)
        self.environment = environment
        places = SharedPlaces(total: limits.previews, each: limits.ownPreviews)
    }

    /// - Throws: `ScrapeError` if the page is out of the plan's scope, or cannot be had, or too many previews are under
    ///   way.
    func preview(
        _ plan: CrawlPlan, url text: String, for organization: OrganizationID
    ) async throws -> Datavault_Scrape_V1_PreviewScraperResponse {
        if places.enter(organization.rawValue) != nil { throw ScrapeError.busy(retryAfter: .seconds(1)) }
        defer { places.leave(organization.rawValue) }

        var rules = plan.rules
        rules.keepsPages = false
        guard let url = try target(text, plan) else { throw ScrapeError.urlInvalid(field: "url") }
        let visitor = PageVisitor(
            rules: rules, plan: plan.extraction, fetcher: fetcher, robots: robots, pool: pool,
            retries: RetryRules(attempts: 1), environment: environment)
        let page = ClaimedPage(
            number: 0, url: url.text, host: url.host, kind: .page, depth: 0, hops: 0, attempts: 0)
        let result = try await visit(page, url, visitor)
        guard result.status == .fetched || result.problem == .noIndex else {
            let problem = result.problem ?? .internal
            throw ScrapeError.previewFailed(
                problem: problem.contractName, detail: result.detail ?? "the page could not be had")
        }
        return try response(result)
    }

    private func target(_ text: String, _ plan: CrawlPlan) throws -> CrawlURL? {
        if text.isEmpty { return plan.starts.first }
        guard let absolute = LinkResolver.absolute(text),
            let url = CrawlURL(absolute, ignoring: plan.rules.ignored)
        else { return nil }
        guard plan.rules.scope.hostProblem(with: url) == nil else { throw ScrapeError.startOutOfScope(field: "url") }
        return url
    }

    private func visit(_ page: ClaimedPage, _ url: CrawlURL, _ visitor: PageVisitor) async throws -> PageResult {
        let answer: RobotsAnswer
        if let kept = try await robots.kept(url.origin) {
            answer = kept
        } else {
            try await waitForTurn(at: page.host, visitor.rules)
            // A crawl may have asked meanwhile.
            if let kept = try await robots.kept(url.origin) {
                answer = kept
            } else {
                answer = try await robots.fetch(url.origin, host: page.host, userAgent: visitor.rules.userAgent)
            }
        }
        if let refusal = visitor.refusal(page, url, answer) { return refusal }
        try await waitForTurn(at: page.host, visitor.rules)
        return await visitor.visit(page, url, robots: answer)
    }

    /// Takes the host's next time, and waits for it; should it have gone by, for another one.
    private func waitForTurn(at host: String, _ rules: CrawlRules) async throws {
        let delay = rules.politeness(at: host).delay
        let end = environment.now() + Self.patience
        var lead = RequestLead()
        while true {
            let now = environment.now()
            let first = now + lead.ahead
            let time = try await store.system(.previewPages).write(.readCommitted) { tx -> RequestTime? in
                var budget = try HostStore.lock(host, in: tx)
                let times = budget.take(1, delay: delay, now: first, until: end)
                try HostStore.set(budget, of: host, in: tx)
                return times.first.map { RequestTime(at: $0, delay: budget.delay(wishing: delay), givenAt: now) }
            }
            guard let time else { throw ScrapeError.busy(retryAfter: .seconds(10)) }
            let pause = time.at - environment.now()
            if pause > 0 { try await environment.sleep(.microseconds(pause)) }
            if !time.isOver(now: environment.now()) { return }
            lead.wasLate()
        }
    }

    private func response(_ result: PageResult) throws -> Datavault_Scrape_V1_PreviewScraperResponse {
        let records = try result.records.prefix(Self.records).map {
            try Datavault_Scrape_V1_Record(serializedBytes: $0)
        }
        let quarantined = try result.quarantined.prefix(Self.records).map {
            try Datavault_Scrape_V1_QuarantinedRecord(serializedBytes: $0)
        }
        return .with {
            $0.page = PageMessage(result)
            $0.records = records
            $0.quarantinedRecords = quarantined
            $0.links = result.found.filter { $0.problem == nil }.prefix(Self.links).map(\.url.text)
        }
    }
}
