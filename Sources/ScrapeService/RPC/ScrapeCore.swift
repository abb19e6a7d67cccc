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

/// Bounds of an organization, and of what all share.
struct ScrapeLimits: Sendable {
    var scrapers = 10_000
    /// Jobs that have not ended.
    var activeJobs = 100
    /// Streams of this process that watch jobs, and those of them that one organization may have.
    var watchers = 1_000
    var ownWatchers = 100
    /// The same of previews under way.
    var previews = 16
    var ownPreviews = 4
    /// Downloads of kept pages under way in this process.
    var downloads = 32
}
