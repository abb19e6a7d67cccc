/// What a job and the operator ask for together, compiled.
struct CrawlRules: Sendable {
    struct Limits: Sendable, Hashable {
        var pages: Int64 = 1_000
        var depth = 32
        var bytes: Int64 = 10 << 30
        /// Microseconds.
        var duration: Int64 = 86_400_000_000
        var pageBytes = 8 << 20
    }

    /// How much a host is asked.
    struct Politeness: Sendable, Hashable {
        /// Microseconds between two requests.
        var delay: Int64
        /// Requests at once.
        var concurrency: Int
    }

    var limits = Limits()
    var scope: ScopeRules
    var traps = TrapRules()
    var ignored = IgnoredParameters.none
    var followsLinks = true
    var usesSitemaps = false
    var keepsDuplicates = false
    var onlyCanonical = false
    var keepsPages = true
    var recordPaths: [PathPattern] = []
    var userAgent: String
    /// Hosts of the start URLs, whose sitemaps count.
    var startOrigins: [String] = []
    /// Pages of a host, of one path with differing queries, and in all that a job may know.
    var pagesPerHost: Int64 = 1_000_000
    var pagesPerPath: Int64 = 10_000
    var knownPages: Int64 = 5_000_000
    /// Pages that a lane takes in hand at a host in a turn, and hosts that it looks at.
    var pagesATurn = 64
    var hostsATurn = 32
    /// Politeness on the public Internet, and where the operator has let crawlers beyond it.
    var outside: Politeness
    var inside: Politeness
    var isInside: @Sendable (_ host: String) -> Bool

    func politeness(at host: String) -> Politeness { isInside(host) ? inside : outside }

    /// Redirects in a row.
    static let hops = 10
    /// How long an organization counts as waiting for a host after it has asked, in microseconds.
    static let turnPatience: Int64 = 3_000_000
    /// After which a lane asks again, in microseconds.
    static let retryPause: Int64 = 100_000
    /// How long a lane may use its slots without giving a sign of life, in microseconds: longer than any request takes.
    static let holding: Int64 = 120_000_000
}
