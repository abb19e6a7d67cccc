import Foundation

/// What a worker knows and decides: a plain value, so that its decisions can be tested without tasks or a store.
struct WorkerState: Sendable {
    struct Running: Sendable {
        var job: Job
        var context: JobContext
        var deadline: Date
        /// When a job that does not heed its cancellation is given up; set once it is cancelled for its timeout.
        var giveUpAt: Date?
        var cause: CancelCause?
        /// Its end has been written without it: what it still does counts for nothing.
        var isGivenUp = false
        var task: Task<Void, Never>?
    }

    enum Phase: Sendable, Equatable {
        case working
        /// Nothing is claimed; what runs may go on until then.
        case draining(until: Date)
        /// What runs was cancelled, and may take until then to notice.
        case cancelling(until: Date)
    }

    let configuration: WorkerConfiguration
    /// Bounds by kind.
    let kinds: [(name: String, concurrency: Int)]
    private(set) var running: [JobID: Running] = [:]
    private(set) var endings: [Ending] = []
    private var countByKind: [String: Int] = [:]
    private(set) var phase = Phase.working
    /// Whether there may be something to claim.
    private var isReady = true
    private var nextDue = Date.distantPast
    private var nextOpen = Date.distantFuture
    private var nextPoll = Date.distantPast
    private var turns = 0

    init(_ configuration: WorkerConfiguration, kinds: [(name: String, concurrency: Int)]) {
        self.configuration = configuration
        self.kinds = kinds
    }

    enum Step: Sendable {
        case sleep(Duration)
        case peek([String])
        case open
        case turn(endings: [Ending], kinds: [Turn.Kind], room: Int, promotes: Bool)
        /// Cancel these: shutdown's patience is over.
        case cancel([JobID])
        case leave
    }

    /// What to do next.
    mutating func next(at now: Date) -> Step {
        switch phase {
        case .working: break
        case .draining(let end):
            if running.isEmpty, endings.isEmpty { return .leave }
            if end <= now, !running.isEmpty {
                phase = .cancelling(until: now + configuration.drainGrace)
                return .cancel(Array(running.keys))
            }
        case .cancelling(let end):
            if end <= now || (running.isEmpty && endings.isEmpty) { return .leave }
        }
        let kinds = phase == .working ? kindsWithRoom() : []
        if phase == .working {
            if nextOpen <= now {
                nextOpen = .distantFuture
                return .open
            }
            if nextPoll <= now {
                // Jittered, so that processes that started together do not ask together.
                nextPoll = now + configuration.poll
                if !kinds.isEmpty { return .peek(kinds.map(\.name)) }
            }
        }
        let promotes = phase == .working && nextDue <= now
        let claims = (isReady || promotes) && !kinds.isEmpty
        if !endings.isEmpty || claims {
            defer { endings = [] }
            turns += 1
            if claims { (isReady, nextDue) = (false, promotes ? .distantFuture : nextDue) }
            return .turn(
                endings: endings, kinds: claims ? kinds : [], room: claims ? room : 0, promotes: claims && promotes)
        }
        return .sleep(pause(at: now, hasRoom: !kinds.isEmpty))
    }

    private func pause(at now: Date, hasRoom: Bool) -> Duration {
        let next: Date =
            switch phase {
            case .working: hasRoom ? min(nextDue, nextOpen, nextPoll) : now + .seconds(1)
            case .draining(let end), .cancelling(let end): end
            }
        return .seconds(max(next.timeIntervalSince(now), 0.001))
    }

    private var room: Int {
        guard endings.count < configuration.maximumUnwritten else { return 0 }
        return min(configuration.concurrency - running.count, configuration.claimBatch)
    }

    /// In an order that rotates, so that no kind starves another.
    private func kindsWithRoom() -> [Turn.Kind] {
        guard room > 0 else { return [] }
        return kinds.indices.compactMap { index in
            let kind = kinds[(index + turns) % kinds.count]
            let room = kind.concurrency - countByKind[kind.name, default: 0]
            return room > 0 ? Turn.Kind(name: kind.name, room: room) : nil
        }
    }

    mutating func signal(_ signal: WorkerSignals.Signal) {
        switch signal {
        case .ready: isReady = true
        case .due(let date): nextDue = min(nextDue, date)
        case .cancel: break
        }
    }

    mutating func peeked(_ peek: Peek) {
        if peek.hasReady { isReady = true }
        nextDue = min(nextDue, peek.nextDue ?? .distantFuture)
        nextOpen = min(nextOpen, peek.nextOpen ?? .distantFuture)
    }

    mutating func opened(any: Bool, hasMore: Bool) {
        if any { isReady = true }
        if hasMore { nextOpen = .distantPast }
    }

    /// A turn is over: its jobs run from here on.
    mutating func turned(_ result: Turn.Result, _ endings: [Ending]) {
        if result.hasMore { isReady = true }
        if let date = result.nextOpen { nextOpen = min(nextOpen, date) }
        for ending in endings {
            if case .retry(let date, _, _) = ending.outcome { nextDue = min(nextDue, date) }
        }
    }

    /// A turn failed: its ends are still to be written.
    mutating func failed(_ endings: [Ending], claimed: Bool) {
        self.endings.insert(contentsOf: endings, at: 0)
        if claimed { (isReady, nextDue) = (true, .distantPast) }
    }

    mutating func start(_ job: Job, _ context: JobContext, deadline: Date) {
        countByKind[job.kind, default: 0] += 1
        running[job.id] = Running(job: job, context: context, deadline: deadline)
    }

    /// - Returns: whether the job is to be cancelled at once.
    mutating func attach(_ task: Task<Void, Never>, to job: Job) -> Bool {
        guard running[job.id]?.job.fence == job.fence else { return false }
        running[job.id]?.task = task
        return running[job.id]?.cause != nil
    }

    /// A handler has returned.
    mutating func end(_ job: Job, _ outcome: Ending.Outcome) {
        guard let entry = running[job.id], entry.job.fence == job.fence else { return }
        running[job.id] = nil
        countByKind[job.kind, default: 1] -= 1
        if !entry.isGivenUp { endings.append(Ending(job: job, outcome: outcome)) }
    }

    func cause(_ job: Job) -> CancelCause? { running[job.id]?.cause }

    /// - Returns: the tasks to cancel.
    mutating func cancel(_ ids: some Sequence<JobID>, _ cause: CancelCause) -> [Task<Void, Never>] {
        ids.compactMap { id in
            guard let entry = running[id], entry.cause == nil else { return nil }
            running[id]?.cause = cause
            return entry.task
        }
    }

    /// Timeouts: who is overdue, and who did not heed the cancellation.
    mutating func overdue(at now: Date) -> (cancel: [JobID], giveUp: [Job]) {
        var (cancel, giveUp): ([JobID], [Job]) = ([], [])
        for (id, entry) in running {
            if entry.cause == nil, entry.deadline <= now {
                cancel.append(id)
                running[id]?.giveUpAt = now + configuration.timeoutGrace
            } else if let date = entry.giveUpAt, date <= now, !entry.isGivenUp {
                giveUp.append(entry.job)
            }
        }
        return (cancel, giveUp)
    }

    mutating func giveUp(_ job: Job, _ outcome: Ending.Outcome) {
        guard running[job.id]?.isGivenUp == false else { return }
        running[job.id]?.isGivenUp = true
        endings.append(Ending(job: job, outcome: outcome))
    }

    mutating func drain(until date: Date) {
        if phase == .working { phase = .draining(until: date) }
    }
}
