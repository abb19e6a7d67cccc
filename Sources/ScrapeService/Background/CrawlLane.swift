import Jobs
import Logging
import Persistence
import ServiceKit
import Synchronization

/// What a step of a crawl is about.
struct CrawlStepPayload: Codable, Sendable, Hashable {
    var organization: String
    var job: String
    var lane: Int64
}

extension JobKind where Payload == CrawlStepPayload {
    static let crawlStep = JobKind("scrape.step", options: JobOptions(maximumAttempts: 1_000))
}

/// A lane of a job for the length of a step: it takes pages in hand, visits them as hosts allow, and has each turn's
/// transaction write down what has come of them.
final class CrawlLane: Sendable {
    struct Configuration: Sendable {
        /// How long a step lasts before other jobs have their turn.
        var step: Duration = .seconds(5)
        /// How long a lane waits for something to happen before it looks whether the job is to go on.
        var tick: Duration = .milliseconds(300)
        /// How far ahead times at hosts are taken, in microseconds: what others have to wait for.
        var horizon: Int64 = 1_000_000
        /// Pages in hand at most.
        var inHand = 128
        /// After which a lane that has nothing to do looks again, at the earliest and at the latest, in microseconds.
        var shortestRest: Int64 = 200_000
        var longestRest: Int64 = 1_000_000
    }

    private let payload: CrawlStepPayload
    private let context: JobContext
    private let visitor: PageVisitor
    private let place: CrawlTurn.Lane
    private let queue: JobQueue
    private let evidence: EvidenceKeeper
    private let audit: AuditOutbox
    private let configuration: Configuration
    private let logger: Logger
    private let desk = Mutex(LaneDesk())
    private let bell = Wakeup()

    init(
        _ payload: CrawlStepPayload, context: JobContext, visitor: PageVisitor, lanes: Int, queue: JobQueue,
        evidence: EvidenceKeeper, audit: AuditOutbox, configuration: Configuration, logger: Logger
    ) {
        self.audit = audit
        (self.payload, self.context, self.visitor, self.queue) = (payload, context, visitor, queue)
        (self.evidence, self.configuration, self.logger) = (evidence, configuration, logger)
        place = CrawlTurn.Lane(
            organization: payload.organization, job: payload.job, number: payload.lane, count: lanes,
            rules: visitor.rules)
    }

    private var now: Int64 { visitor.environment.now() }

    /// Works for the length of a step, and hands the lane on.
    func run() async throws {
        let begin = now
        let end = begin + configuration.step.microseconds
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            var nextAt: Int64?
            while true {
                let outcome = try await turn(until: end)
                guard let job = outcome.job, job.state == .running else {
                    group.cancelAll()
                    return try await leave(after: nil)
                }
                nextAt = outcome.nextAt
                start(in: &group)
                let isIdle = desk.withLock { !$0.isBusy && $0.results.isEmpty && $0.waiting == 0 }
                if isIdle {
                    guard let time = nextAt, time < end else { break }
                    try await idle(until: time)
                    continue
                }
                // A page that waits for its time, or for a host's turn, is looked at again; results are written at once.
                if desk.withLock({ $0.results.isEmpty }) { try await rest(&group, until: end) }
                if now >= end { break }
            }
            try await finish(&group, nextAt: nextAt)
        }
    }

    /// Has nothing in hand: what there is to do is others', or not due yet.
    private func idle(until time: Int64) async throws {
        let rest = min(max(time - now, configuration.shortestRest), configuration.longestRest)
        try await visitor.environment.sleep(.microseconds(rest))
    }

    /// Waits until there are results or room, and starts what can be started.
    private func rest(_ group: inout ThrowingTaskGroup<Void, any Error>, until end: Int64) async throws {
        var isQuiet = false
        while !isQuiet {
            await bell.wait(for: configuration.tick)
            try Task.checkCancellation()
            start(in: &group)
            isQuiet = desk.withLock { !$0.results.isEmpty || $0.waiting < configuration.inHand / 2 } || now >= end
            if !isQuiet, try await hasStopped() { return }
        }
    }

    private func hasStopped() async throws -> Bool {
        let (organization, id) = (payload.organization, payload.job)
        let state = try await context.store.read { tx in
            try JobStore.job(id, of: organization, in: tx)?.state
        }
        return state != .running && state != .queued
    }

    /// The step's time is over: what has a time is done, and the lane goes back to the queue.
    private func finish(_ group: inout ThrowingTaskGroup<Void, any Error>, nextAt: Int64?) async throws {
        desk.withLock { $0.wind() }
        while desk.withLock({ $0.isBusy || !$0.openings().isEmpty }) {
            start(in: &group)
            await bell.wait(for: configuration.tick)
            try Task.checkCancellation()
            if try await hasStopped() {
                desk.withLock { $0.close() }
                group.cancelAll()
            }
        }
        try await leave(after: nextAt ?? 0)
    }

    // MARK: Turns

    private func turn(until end: Int64) async throws -> CrawlTurn.Outcome {
        var (results, holding) = desk.withLock { desk in
            desk.tidy()
            return (desk.takeResults(), desk.holding())
        }
        try await evidence.keep(&results, organization: payload.organization, job: payload.job)
        let waiting = desk.withLock { $0.inHand }
        let turn = CrawlTurn(
            lane: place, results: results, kept: holding.kept, held: holding.held,
            wanted: max(configuration.inHand - waiting, 1), until: min(end, now + configuration.horizon),
            lead: desk.withLock { $0.lead.ahead }, now: now, audit: audit)
        let outcome = try await context.write(.readCommitted) { tx in try turn.run(in: tx) }
        desk.withLock { desk in
            desk.add(outcome.grants)
            for host in outcome.yielded { desk.yield(at: host) }
        }
        return outcome
    }

    /// Ends the step: results are written, slots and pages given back, and the next step enqueued, all at once.
    ///
    /// - Parameter time: When there is something to do again; nil: the lane is not needed any more.
    private func leave(after time: Int64?) async throws {
        desk.withLock { $0.close() }
        var (results, holding) = desk.withLock { ($0.takeResults(), $0.holding()) }
        try await evidence.keep(&results, organization: payload.organization, job: payload.job)
        let (place, payload, queue, now) = (place, payload, queue, now)
        let turn = CrawlTurn(lane: place, results: results, held: holding.held, now: now, audit: audit)
        _ = holding.kept
        let start = min(max(time ?? now, now), now + configuration.longestRest)
        try await context.complete(.readCommitted) { tx in
            let outcome = try turn.run(in: tx)
            guard var job = outcome.job else { return }
            if time != nil, job.state == .running {
                var options = JobKind<CrawlStepPayload>.crawlStep.options
                if start > now { options.start = .after(.microseconds(start - now)) }
                try queue.enqueue(.crawlStep, payload, options, by: job.initiator, in: tx)
            } else {
                job.lanes &= ~(1 << payload.lane)
                try JobStore.update(job, in: tx)
            }
        }
    }

    // MARK: Pages

    private func start(in group: inout ThrowingTaskGroup<Void, any Error>) {
        for host in desk.withLock({ $0.openings() }) {
            group.addTask { await self.work(at: host) }
        }
    }

    /// Visits pages of a host one after the other, as long as there are some.
    private func work(at host: String) async {
        while let page = desk.withLock({ $0.begin(at: host) }) {
            // What failed because the lane has to stop has not been tried.
            guard let result = await visit(page), result.status == .fetched || !Task.isCancelled else {
                desk.withLock { $0.putBack(page) }
                bell.wake()
                return
            }
            desk.withLock { $0.finish(result) }
            bell.wake()
        }
    }

    /// - Returns: Nil if the page cannot be asked for yet.
    private func visit(_ page: ClaimedPage) async -> PageResult? {
        guard let url = CrawlURL(page.url) else { return PageResult(page, .urlInvalid, "the URL cannot be read") }
        do {
            let answer: RobotsAnswer
            if let kept = try await visitor.robots.kept(url.origin) {
                answer = kept
            } else {
                guard desk.withLock({ $0.beginRobots(at: page.host) }) else { return nil }
                defer {
                    desk.withLock { $0.endRobots(at: page.host) }
                    bell.wake()
                }
                guard try await waitForTime(at: page.host) else { return nil }
                // Another worker may have asked meanwhile; what it was told is looked at with a time of its own.
                if try await visitor.robots.kept(url.origin) != nil { return nil }
                answer = try await visitor.robots.fetch(
                    url.origin, host: page.host, userAgent: visitor.rules.userAgent)
            }
            if let refusal = visitor.refusal(page, url, answer) { return visitor.withSitemaps(refusal, url, answer) }
            guard try await waitForTime(at: page.host, heeding: answer) else { return nil }
            return visitor.withSitemaps(await visitor.visit(page, url, robots: answer), url, answer)
        } catch {
            // Cancelled, or the store is away: the page was not asked for, and waits.
            return nil
        }
    }

    /// Waits until the host may be asked.
    ///
    /// - Parameter answer: Its robots.txt, which may ask for more patience than was known when the time was given.
    /// - Returns: False if there is no time, or none that still holds: the page goes back, and waits for another.
    private func waitForTime(at host: String, heeding answer: RobotsAnswer? = nil) async throws -> Bool {
        guard let time = desk.withLock({ $0.takeTime(at: host) }) else { return false }
        if let answer, time.isOutdated(by: answer) { return false }
        let pause = time.at - now
        if pause > 0 { try await visitor.environment.sleep(.microseconds(pause)) }
        try Task.checkCancellation()
        let isOver = time.isOver(now: now)
        desk.withLock { if isOver { $0.lead.wasLate() } else { $0.lead.wasInTime() } }
        return !isOver
    }
}

extension Duration {
    var microseconds: Int64 { Int64(self / .microseconds(1)) }
}
