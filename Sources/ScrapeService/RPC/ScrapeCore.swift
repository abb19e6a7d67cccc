import Persistence
import ServiceKit

/// What the handlers share.
struct ScrapeCore: Sendable {
    let store: Store
    let replay: Replay
    let audit: AuditOutbox
    let plans: CrawlPlans
    let environment: ScrapeEnvironment
    let limits: ScrapeLimits
}

/// Bounds of an organization.
struct ScrapeLimits: Sendable {
    var scrapers = 10_000
    /// Jobs that have not ended.
    var activeJobs = 100
    /// Streams of this process that watch jobs, previews and downloads under way.
    var watchers = 1_000
    var previews = 16
    var downloads = 32
}
