import Outbound
import ServiceKit

/// The settings of crawls.
enum ScrapeSettings {
    static let all: [SettingDeclaration] = [
        allowAddresses.declaration, userAgent.declaration, minimumDelay.declaration, hostConcurrency.declaration,
        insideConcurrency.declaration, lanes.declaration, workers.declaration, threads.declaration,
        attempts.declaration, pagesPerHost.declaration, pagesPerPath.declaration, knownPages.declaration,
        scrapers.declaration, activeJobs.declaration, previews.declaration, watchers.declaration,
        downloads.declaration, sweepInterval.declaration, sweepGrace.declaration, resolveTimeout.declaration,
        connectTimeout.declaration, headersTimeout.declaration,
        idleTimeout.declaration,
        totalTimeout.declaration, connections.declaration, proxy.declaration, authorities.declaration,
    ]

    // MARK: The way out

    /// `scrape.outbound.allow-addresses`
    static let allowAddresses = SettingKey(
        "scrape.outbound.allow-addresses", default: [String](),
        "Networks beyond the public Internet that crawls may reach, as 127.0.0.1/32 or fd00::/8. Their hosts are taken for your own: without a delay unless a scraper asks for one.",
        mustBe: "addresses and networks in CIDR form", { $0.allSatisfy { AddressRange($0) != nil } })
    /// `scrape.outbound.proxy`
    static let proxy = SettingKey(
        "scrape.outbound.proxy", default: "",
        "A proxy for all requests, as http://proxy:3128; the environment's variables never count.",
        mustBe: "empty or the URL of a proxy", { $0.isEmpty || (try? WebURL($0)) != nil })
    /// `scrape.outbound.authorities`
    static let authorities = SettingKey(
        "scrape.outbound.authorities", default: "",
        "A file of certificate authorities in PEM that sites are verified with; empty: the system's.")
    /// `scrape.outbound.resolve-timeout`
    static let resolveTimeout = SettingKey(
        "scrape.outbound.resolve-timeout", default: Duration.seconds(10), in: .milliseconds(100)...Duration.seconds(60),
        "For a name to be resolved.")
    /// `scrape.outbound.connect-timeout`
    static let connectTimeout = SettingKey(
        "scrape.outbound.connect-timeout", default: Duration.seconds(10), in: .milliseconds(100)...Duration.seconds(60),
        "For a connection, encryption included.")
    /// `scrape.outbound.headers-timeout`
    static let headersTimeout = SettingKey(
        "scrape.outbound.headers-timeout", default: Duration.seconds(20), in: .milliseconds(100)...Duration.seconds(90),
        "From a request to the head of its answer.")
    /// `scrape.outbound.idle-timeout`
    static let idleTimeout = SettingKey(
        "scrape.outbound.idle-timeout", default: Duration.seconds(15), in: .milliseconds(100)...Duration.seconds(90),
        "Without a byte from the site.")
    /// `scrape.outbound.total-timeout`
    static let totalTimeout = SettingKey(
        "scrape.outbound.total-timeout", default: Duration.seconds(60), in: .milliseconds(100)...Duration.seconds(90),
        "For a page, all in all.")
    /// `scrape.outbound.connections`
    static let connections = SettingKey(
        "scrape.outbound.connections", default: 256, in: 1...10_000, "Connections to sites at once.")

    // MARK: Politeness

    /// `scrape.user-agent`
    static let userAgent = SettingKey(
        "scrape.user-agent", default: "DataVault/1.0",
        "What crawlers call themselves. robots.txt knows them as DataVault in any case.",
        mustBe: "a line of ASCII",
        { !$0.isEmpty && $0.utf8.count <= 200 && $0.utf8.allSatisfy { (0x20..<0x7F).contains($0) } })
    /// `scrape.minimum-delay`
    static let minimumDelay = SettingKey(
        "scrape.minimum-delay", default: Duration.milliseconds(200), in: .zero...Duration.seconds(3_600),
        "The least time between two requests to a host of the public Internet, whatever scrapers ask for.")
    /// `scrape.host-concurrency`
    static let hostConcurrency = SettingKey(
        "scrape.host-concurrency", default: 4, in: 1...64,
        "Requests to a host of the public Internet at once, of all scrapers together.")
    /// `scrape.allowed-host-concurrency`
    static let insideConcurrency = SettingKey(
        "scrape.allowed-host-concurrency", default: 16, in: 1...64,
        "The same for hosts in the networks of scrape.outbound.allow-addresses.")
    /// `scrape.attempts`
    static let attempts = SettingKey(
        "scrape.attempts", default: 3, in: 1...10, "How often a page is asked for before it counts as failed.")

    // MARK: Work

    /// `scrape.lanes`
    static let lanes = SettingKey(
        "scrape.lanes", default: 2, in: 1...OperatorTerms.mostLanes,
        "Workers that may work at one job at the same time.")
    /// `scrape.workers`
    static let workers = SettingKey(
        "scrape.workers", default: 16, in: 1...256, "Lanes of all jobs that this process works at, at the same time.")
    /// `scrape.threads`
    static let threads = SettingKey(
        "scrape.threads", default: 0, in: 0...256, "Threads that read pages; 0: one for each core.")

    /// `scrape.sweep-interval`
    static let sweepInterval = SettingKey(
        "scrape.sweep-interval", default: Duration.seconds(60), in: .seconds(1)...Duration.seconds(3_600),
        "Between two looks for what deleted jobs, and processes that died, have left.")
    /// `scrape.sweep-grace`
    static let sweepGrace = SettingKey(
        "scrape.sweep-grace", default: Duration.seconds(3_600), in: .zero...Duration.seconds(604_800),
        "How long after a job's end objects that no page names are removed: a worker may still be at writing one.")

    // MARK: Bounds

    /// `scrape.pages-per-host`
    static let pagesPerHost = SettingKey(
        "scrape.pages-per-host", default: 1_000_000, in: 1...100_000_000, "Pages of a host that a job may know.")
    /// `scrape.pages-per-path`
    static let pagesPerPath = SettingKey(
        "scrape.pages-per-path", default: 10_000, in: 1...100_000_000,
        "Pages of one path, with differing queries, that a job may know.")
    /// `scrape.pages-per-job`
    static let knownPages = SettingKey(
        "scrape.pages-per-job", default: 5_000_000, in: 1...100_000_000, "Pages that a job may know.")
    /// `scrape.maximum-scrapers`
    static let scrapers = SettingKey(
        "scrape.maximum-scrapers", default: 10_000, in: 1...1_000_000, "Scrapers of an organization.")
    /// `scrape.maximum-jobs`
    static let activeJobs = SettingKey(
        "scrape.maximum-jobs", default: 100, in: 1...10_000, "Jobs of an organization that have not ended.")
    /// `scrape.maximum-previews`
    static let previews = SettingKey(
        "scrape.maximum-previews", default: 16, in: 1...1_000, "Previews under way in this process.")
    /// `scrape.maximum-watchers`
    static let watchers = SettingKey(
        "scrape.maximum-watchers", default: 1_000, in: 1...100_000, "Streams of this process that watch jobs.")
    /// `scrape.maximum-downloads`
    static let downloads = SettingKey(
        "scrape.maximum-downloads", default: 32, in: 1...1_000,
        "Downloads of kept pages under way in this process, each of which holds its page.")

    // MARK: Reading

    static func terms(_ settings: Settings) -> OperatorTerms {
        var terms = OperatorTerms()
        terms.allowed = settings[allowAddresses].compactMap { AddressRange($0) }
        terms.allowedNow = OperatorAddresses(path: "\(settings[SuiteSettings.dataFolder])/allowed-addresses")
        terms.userAgent = settings[userAgent]
        terms.minimumDelay = settings[minimumDelay].microseconds
        terms.usualDelay = max(terms.usualDelay, terms.minimumDelay)
        terms.concurrency = settings[hostConcurrency]
        terms.insideConcurrency = settings[insideConcurrency]
        terms.lanes = settings[lanes]
        terms.pagesPerHost = Int64(settings[pagesPerHost])
        terms.pagesPerPath = Int64(settings[pagesPerPath])
        terms.knownPages = Int64(settings[knownPages])
        return terms
    }

    static func limits(_ settings: Settings) -> ScrapeLimits {
        ScrapeLimits(
            scrapers: settings[scrapers], activeJobs: settings[activeJobs], watchers: settings[watchers],
            previews: settings[previews], downloads: settings[downloads])
    }

    static func sweeper(_ settings: Settings) -> JobSweeper.Configuration {
        var configuration = JobSweeper.Configuration()
        configuration.interval = settings[sweepInterval]
        configuration.grace = settings[sweepGrace]
        return configuration
    }

    static func timeouts(_ settings: Settings) -> OutboundTimeouts {
        var timeouts = OutboundTimeouts()
        timeouts.resolve = settings[resolveTimeout]
        timeouts.connect = settings[connectTimeout]
        timeouts.headers = settings[headersTimeout]
        timeouts.idle = settings[idleTimeout]
        timeouts.total = settings[totalTimeout]
        return timeouts
    }

    static func outbound(_ settings: Settings) throws -> OutboundConfiguration {
        let terms = terms(settings)
        var configuration = OutboundConfiguration(userAgent: terms.userAgent)
        configuration.addressGuard = terms.addressGuard
        configuration.timeouts = timeouts(settings)
        configuration.connections.maximumTotal = settings[connections]
        configuration.connections.maximumPerHost = max(terms.concurrency, terms.insideConcurrency)
        let proxy = settings[proxy]
        if !proxy.isEmpty { configuration.proxy = OutboundProxy(url: try WebURL(proxy)) }
        let authorities = settings[authorities]
        if !authorities.isEmpty { configuration.tls.authorities = authorities }
        return configuration
    }
}
