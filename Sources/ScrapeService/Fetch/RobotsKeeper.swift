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
        /// Bytes that files in memory take, about, and origins that are remembered.
        var rememberedBytes = 64 << 20
        var remembered = 10_000
        /// Bytes and rows of the table.
        var keptBytes: Int64 = 256 << 20
        var keptRows: Int64 = 100_000
        /// Rows that one transaction removes.
        var batch = 500
    }

    /// The crawler's product token.
    static let agent = "DataVault"

    private let store: Store
    private let fetcher: PageFetcher
    private let configuration: Configuration
    private let now: @Sendable () -> Int64
    private let known: Mutex<RobotsMemory>
    /// Bytes written since the table was swept.
    private let written = Atomic<Int64>(0)

    init(
        store: Store, fetcher: PageFetcher, configuration: Configuration = Configuration(),
        now: @escaping @Sendable () -> Int64
    ) {
        (self.store, self.fetcher, self.configuration, self.now) = (store, fetcher, configuration, now)
        known = Mutex(RobotsMemory(bytes: configuration.rememberedBytes, count: configuration.remembered))
    }

    /// What is in memory.
    func remembered(_ origin: String) -> RobotsAnswer? {
        let now = now()
        return known.withLock { $0.answer(of: origin) }.flatMap { $0.expiresAt > now ? $0 : nil }
    }

    /// What this or another worker has found out.
    func kept(_ origin: String) async throws -> RobotsAnswer? {
        if let known = remembered(origin) { return known }
        let now = now()
        let answer = try await store.system(.keepRobots).read { tx in
            try RobotsStore.answer(of: origin, now: now, in: tx)
        }
        if let answer { remember(answer, of: origin) }
        return answer
    }

    private func remember(_ answer: RobotsAnswer, of origin: String) {
        known.withLock { $0.remember(answer, of: origin) }
    }

    /// Removes what has expired from the table, and what is beyond its bounds.
    func sweep() async throws {
        written.store(0, ordering: .relaxed)
        let (now, bounds, system) = (now(), configuration, store.system(.keepRobots))
        while try await system.write(
            .readCommitted, { tx in try RobotsStore.removeExpired(now: now, atMost: bounds.batch, in: tx) })
            == bounds.batch
        { try Task.checkCancellation() }
        while try await system.write(
            .readCommitted,
            { tx in
                try RobotsStore.removeExcess(
                    over: bounds.keptBytes, rows: bounds.keptRows, atMost: bounds.batch, in: tx)
            }) == bounds.batch
        { try Task.checkCancellation() }
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
            try RobotsStore.keep(answer, body, of: origin, in: tx)
            var budget = try HostStore.lock(host, in: tx)
            if outcome != .unreachable, budget.crawlDelay != delay {
                budget.crawlDelay = delay
                budget.nextAt = max(budget.nextAt, now + budget.delay(wishing: 0))
                try HostStore.set(budget, of: host, in: tx)
            }
        }
        remember(answer, of: origin)
        // Files may come faster than the sweeper's rounds.
        let bytes = Int64(body?.count ?? 0)
        if written.wrappingAdd(bytes, ordering: .relaxed).newValue > configuration.keptBytes / 8 { try await sweep() }
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
