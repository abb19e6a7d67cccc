import Outbound
import Persistence
import Synchronization

extension SystemReason {
    static let keepRobots = SystemReason("keep the robots.txt of hosts, which all organizations share")
}

/// What a host lets the crawler ask for, and how it was found out.
struct RobotsAnswer: Sendable, Hashable {
    enum Outcome: String, Sendable, Hashable, SQLConvertible {
        /// There is a file.
        case found
        /// There is none (RFC 9309, 2.3.1.3): all is allowed.
        case absent
        /// It cannot be had (2.3.1.4): nothing is allowed.
        case unreachable
    }

    let outcome: Outcome
    let file: RobotsFile
    /// Microseconds since 1970, as `expiresAt`.
    let fetchedAt: Int64
    let expiresAt: Int64
    /// Why the host could not be asked at all, where that is known; nil where it was, and answered with an error.
    var failure: FetchFailure?

    /// What it asks to be left alone for between two requests, as far as that is heeded, in microseconds.
    var delay: Int64 { min(Int64((file.crawlDelay ?? 0) * 1_000_000), HostBudget.Rules().longestWait) }

    func verdict(on url: CrawlURL) -> RobotsVerdict {
        switch outcome {
        case .absent: .absent
        case .unreachable: .unreachable
        case .found: file.allows(url.target) ? .allowed : .disallowed
        }
    }
}

/// Knows the robots.txt of origins: in memory, in the table that all workers share, and from the hosts themselves.
final class RobotsKeeper: Sendable {
    struct Configuration: Sendable {
        /// How long a file counts (RFC 9309, 2.4: a day at most), and that there is none.
        var life: Int64 = 86_400_000_000
        /// After which a host is asked again that answered with an error, and one that did not answer.
        var unreachableLife: Int64 = 60_000_000
        var silentLife: Int64 = 5_000_000
        var redirects = 5
        /// Origins in memory.
        var remembered = 10_000
    }

    /// The crawler's product token.
    static let agent = "DataVault"

    private let store: Store
    private let fetcher: PageFetcher
    private let configuration: Configuration
    private let now: @Sendable () -> Int64
    private let known = Mutex<[String: RobotsAnswer]>([:])

    init(
        store: Store, fetcher: PageFetcher, configuration: Configuration = Configuration(),
        now: @escaping @Sendable () -> Int64
    ) {
        (self.store, self.fetcher, self.configuration, self.now) = (store, fetcher, configuration, now)
    }

    /// What is in memory.
    func remembered(_ origin: String) -> RobotsAnswer? {
        let now = now()
        return known.withLock { $0[origin] }.flatMap { $0.expiresAt > now ? $0 : nil }
    }

    private struct KeptRobots: RowDecodable {
        let outcome: RobotsAnswer.Outcome
        let body: [UInt8]?
        let fetchedAt: Int64
        let expiresAt: Int64
        init(row: Row) throws {
            (outcome, body) = (try row["outcome"], try row["body"])
            (fetchedAt, expiresAt) = (try row["fetched_at"], try row["expires_at"])
        }
    }

    /// What this or another worker has found out.
    func kept(_ origin: String) async throws -> RobotsAnswer? {
        if let known = remembered(origin) { return known }
        let now = now()
        let row = try await store.system(.keepRobots).read { tx in
            try tx.optional(
                KeptRobots.self,
                """
                SELECT outcome, body, fetched_at, expires_at FROM scrape_robots
                WHERE origin = \(origin) AND expires_at > \(now)
                """)
        }
        guard let row else { return nil }
        let answer = RobotsAnswer(
            outcome: row.outcome, file: row.body.map { RobotsFile($0, agent: Self.agent) } ?? RobotsFile(),
            fetchedAt: row.fetchedAt, expiresAt: row.expiresAt)
        remember(answer, of: origin)
        return answer
    }

    private func remember(_ answer: RobotsAnswer, of origin: String) {
        known.withLock { known in
            if known.count >= configuration.remembered { known.removeAll() }
            known[origin] = answer
        }
    }

    /// Asks an origin for its file, and keeps what it says for all workers.
    ///
    /// - Parameter host: Whose budget a crawl delay goes to.
    func fetch(_ origin: String, host: String, userAgent: String) async throws -> RobotsAnswer {
        let (outcome, body, failure) = await ask(origin, userAgent: userAgent)
        try Task.checkCancellation()
        let now = now()
        let unreachable = failure == nil ? configuration.unreachableLife : configuration.silentLife
        let life = outcome == .unreachable ? unreachable : configuration.life
        let answer = RobotsAnswer(
            outcome: outcome, file: body.map { RobotsFile($0, agent: Self.agent) } ?? RobotsFile(),
            fetchedAt: now, expiresAt: now + life, failure: failure)
        let delay = Int64((answer.file.crawlDelay ?? 0) * 1_000_000)
        try await store.system(.keepRobots).write(.readCommitted) { tx in
            try tx.run(
                """
                INSERT INTO scrape_robots (origin, outcome, body, fetched_at, expires_at)
                VALUES (\(origin), \(outcome), \(body), \(now), \(answer.expiresAt))
                ON CONFLICT (origin) DO UPDATE SET outcome = excluded.outcome, body = excluded.body,
                    fetched_at = excluded.fetched_at, expires_at = excluded.expires_at
                """)
            var budget = try HostStore.lock(host, in: tx)
            if outcome != .unreachable, budget.crawlDelay != delay {
                budget.crawlDelay = delay
                budget.nextAt = max(budget.nextAt, now + budget.delay(wishing: 0))
                try HostStore.set(budget, of: host, in: tx)
            }
        }
        remember(answer, of: origin)
        return answer
    }

    /// Follows redirects, also to other hosts (RFC 9309, 2.3.1.2).
    private func ask(
        _ origin: String, userAgent: String
    ) async -> (RobotsAnswer.Outcome, [UInt8]?, FetchFailure?) {
        var url = origin + "/robots.txt"
        for _ in 0...configuration.redirects {
            let answer: FetchedAnswer
            do throws(FetchFailure) {
                answer = try await fetcher.fetch(
                    url, userAgent: userAgent, bytes: RobotsFile.maximumBytes * 4, accept: "text/plain,*/*;q=0.1")
            } catch {
                return (.unreachable, nil, error)
            }
            switch answer.status {
            case 200..<300: return (.found, Array(answer.body.prefix(RobotsFile.maximumBytes)), nil)
            case 300..<400:
                guard let location = answer.headers["Location"], let next = LinkResolver.resolve(location, base: url)
                else { return (.absent, nil, nil) }
                url = next
            // Asked too much is no answer, unlike the other statuses of this class.
            case 429: return (.unreachable, nil, nil)
            case 400..<500: return (.absent, nil, nil)
            default: return (.unreachable, nil, nil)
            }
        }
        // More redirects than are followed: as if there were none.
        return (.absent, nil, nil)
    }
}
