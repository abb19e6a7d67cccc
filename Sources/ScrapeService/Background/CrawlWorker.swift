import Jobs
import Logging
import Persistence
import ScrapeContract
import ServiceKit

/// Runs steps of crawls: what stands behind the queue's handler.
struct CrawlWorker: Sendable {
    let queue: JobQueue
    let fetcher: PageFetcher
    let robots: RobotsKeeper
    let pool: ExtractionPool
    let evidence: EvidenceKeeper
    let audit: AuditOutbox
    let plans: CrawlPlans
    let environment: ScrapeEnvironment
    var lane = CrawlLane.Configuration()
    var retries = RetryRules()
    let logger: Logger

    /// A handler of the queue.
    ///
    /// - Parameter concurrency: Lanes that run at once in this process.
    func handler(concurrency: Int) -> JobHandler {
        JobHandler(.crawlStep, concurrency: concurrency, timeout: .seconds(900)) { payload, context in
            try await run(payload, context)
        }
    }

    private func run(_ payload: CrawlStepPayload, _ context: JobContext) async throws {
        let (organization, id) = (payload.organization, payload.job)
        guard let job = try await context.store.read({ tx in try JobStore.job(id, of: organization, in: tx) }) else {
            return
        }
        let plan: CrawlPlan
        do { plan = try plans.compiled(job) } catch {
            throw PermanentJobFailure("plan", "the job's plan cannot be read: \(error)")
        }
        let visitor = PageVisitor(
            rules: plan.rules, plan: plan.extraction, fetcher: fetcher, robots: robots, pool: pool, retries: retries,
            environment: environment)
        try await CrawlLane(
            payload, context: context, visitor: visitor, lanes: plans.terms.lanes, queue: queue,
            evidence: evidence, audit: audit, configuration: lane, logger: logger
        ).run()
    }
}
