import Foundation
public import Logging
import Persistence
public import ServiceLifecycle
import Synchronization

/// Claims jobs and runs their handlers, until shutdown: then it claims nothing more, lets what runs come to its end
/// within a bound, and gives the rest back.
///
/// Many workers, in as many processes and on as many machines as there are, share one store.
public final class JobWorker: Service {
    let queue: JobQueue
    let configuration: WorkerConfiguration
    let handlers: [String: JobHandler]
    let logger: Logger
    let state: Mutex<WorkerState>
    let wakeup = Wakeup()
    private let lease: Mutex<Lease>

    /// Under which name the worker owns jobs, and until when as far as it knows.
    struct Lease: Sendable {
        var worker = UUID().uuidString.lowercased()
        var until = Date.distantPast
    }

    /// - Parameter handlers: one for each kind.
    public init(
        _ queue: JobQueue, handlers: [JobHandler], configuration: WorkerConfiguration = WorkerConfiguration(),
        logger: Logger = Logger(label: "datavault.jobs")
    ) {
        self.queue = queue
        self.configuration = configuration
        self.handlers = Dictionary(handlers.map { ($0.kind, $0) }, uniquingKeysWith: { $1 })
        self.logger = logger
        let kinds = self.handlers.values.sorted { $0.kind < $1.kind }
        state = Mutex(WorkerState(configuration, kinds: kinds.map { ($0.kind, $0.concurrency) }))
        lease = Mutex(Lease())
    }

    /// Works until graceful shutdown, or until the task is cancelled, which leaves running jobs less time.
    public func run() async throws {
        // A task of its own, as what a cancelled task writes is refused, and the ends of jobs are still to be written.
        let work = Task { await self.work() }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await work.value
            } onGracefulShutdown: {
                self.drain(within: self.configuration.drain)
            }
        } onCancel: {
            drain(within: .zero)
        }
    }

    private func drain(within time: Duration) {
        state.withLock { $0.drain(until: queue.now + time) }
        wakeup.wake()
    }

    private func work() async {
        let listener = queue.signals.add { [weak self] in self?.hear($0) }
        await registerAnew()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.repeating(self.configuration.heartbeat) { await self.heartbeat() } }
            group.addTask { await self.repeating(self.configuration.timeoutGrain) { self.checkTimeouts() } }
            group.addTask { await self.repeating(self.configuration.progressInterval) { await self.writeProgress() } }
            group.addTask { await self.repeating(self.configuration.maintenance) { await self.maintain() } }
            await turns()
            group.cancelAll()
        }
        queue.signals.remove(listener)
    }

    /// Runs the body at intervals until cancelled, each a little shorter or longer.
    private func repeating(_ interval: Duration, _ body: () async -> Void) async {
        while !Task.isCancelled {
            do { try await queue.environment.sleep(interval * (0.9 + 0.2 * queue.environment.random())) } catch {
                return
            }
            await body()
        }
    }

    private func hear(_ signal: WorkerSignals.Signal) {
        if case .cancel(let id) = signal { cancel([id], .requested) } else { state.withLock { $0.signal(signal) } }
        wakeup.wake()
    }

    /// The loop: each round one step of what the state says.
    private func turns() async {
        var failures = 0
        while true {
            let step = state.withLock { $0.next(at: queue.now) }
            do {
                switch step {
                case .sleep(let time): await wakeup.wait(atMost: time, queue.environment.sleep)
                case .peek(let kinds):
                    let peek = try await queue.peek(kinds)
                    state.withLock { $0.peeked(peek) }
                case .open:
                    let recheck = configuration.limitRecheck
                    let (any, more) = try await queue.openLimits(handlers.keys.sorted(), recheck: recheck)
                    state.withLock { $0.opened(any: any, hasMore: more) }
                case .turn(let endings, let kinds, let room, let promotes):
                    try await turn(endings, kinds, room, promotes)
                case .cancel(let ids): cancel(ids, .shutdown)
                case .leave:
                    await leave()
                    return
                }
                if case .sleep = step {} else { failures = 0 }
            } catch {
                failures += 1
                logger.warning("the job store cannot be used", metadata: ["error": "\(error)"])
                // Not by the wake-up: whoever wakes would end the pause.
                let pause = configuration.storeBackoff.pause(after: failures, random: queue.environment.random())
                try? await queue.environment.sleep(pause)
            }
        }
    }

    private func turn(_ endings: [Ending], _ kinds: [Turn.Kind], _ room: Int, _ promotes: Bool) async throws {
        let worker = lease.withLock { $0.worker }
        let turn = Turn(
            worker: worker, lease: configuration.lease, endings: endings, kinds: kinds, room: room,
            promotes: promotes, limitRecheck: configuration.limitRecheck)
        let begin = queue.now
        let result: Turn.Result
        do { result = try await queue.run(turn) } catch {
            state.withLock { $0.failed(endings, claimed: !kinds.isEmpty) }
            throw error
        }
        guard result.isAlive else {
            state.withLock { $0.failed(endings, claimed: !kinds.isEmpty) }
            await startOver()
            return
        }
        extendLease(worker, from: begin)
        note(endings, lost: result.lost)
        state.withLock { $0.turned(result, endings) }
        for job in result.jobs { start(job) }
    }

    private func note(_ endings: [Ending], lost: Int) {
        let now = queue.now
        for ending in endings {
            let seconds = now.timeIntervalSince(ending.job.startedAt)
            queue.metrics.finished(ending.job.kind, ending.name, seconds: seconds)
            if case .dead(let reason, let error) = ending.outcome {
                logger.error(
                    "a job is dead",
                    metadata: [
                        "job": "\(ending.job.id)", "kind": "\(ending.job.kind)", "reason": "\(reason)",
                        "error": "\(queue.trimmed(error))",
                    ])
            }
        }
        queue.metrics.leaseLost(lost)
        if lost > 0 { logger.warning("jobs were no longer this worker's", metadata: ["count": "\(lost)"]) }
    }

    // MARK: Lease

    private func registerAnew() async {
        var failures = 0
        while state.withLock({ $0.phase == .working }) {
            let worker = UUID().uuidString.lowercased()
            let begin = queue.now
            do {
                try await queue.register(worker, name: configuration.name, lease: configuration.lease)
                lease.withLock { $0 = Lease(worker: worker, until: begin + configuration.lease) }
                return
            } catch {
                failures += 1
                logger.warning("the job store cannot be used", metadata: ["error": "\(error)"])
                let pause = configuration.storeBackoff.pause(after: failures, random: queue.environment.random())
                await wakeup.wait(atMost: pause, queue.environment.sleep)
            }
        }
    }

    private func extendLease(_ worker: String, from begin: Date) {
        lease.withLock { lease in
            if lease.worker == worker { lease.until = max(lease.until, begin + configuration.lease) }
        }
    }

    private func heartbeat() async {
        let worker = lease.withLock { $0.worker }
        let begin = queue.now
        do {
            guard let cancelled = try await queue.heartbeat(worker, lease: configuration.lease) else {
                // The loop finds out as well, and starts over.
                cancelAll(.lost)
                hear(.ready)
                return
            }
            extendLease(worker, from: begin)
            cancel(cancelled, .requested)
        } catch {
            logger.warning("no heartbeat", metadata: ["error": "\(error)"])
        }
    }

    /// The worker was given up, as it was silent for too long: its jobs are others', and it goes on under a new name.
    private func startOver() async {
        logger.warning("this worker's lease was lost; it starts over")
        cancelAll(.lost)
        await registerAnew()
    }

    private func leave() async {
        let worker = lease.withLock { $0.worker }
        do { try await queue.leave(worker) } catch {
            logger.warning("leases could not be given back: they expire", metadata: ["error": "\(error)"])
        }
        queue.signals.send(.ready)
    }

    // MARK: Jobs

    private func start(_ job: Job) {
        guard let handler = handlers[job.kind] else { return }
        queue.metrics.started(job.kind, latency: job.startedAt.timeIntervalSince(job.dueAt))
        let context = JobContext(job, queue)
        state.withLock { $0.start(job, context, deadline: queue.now + handler.timeout) }
        // Not in a group: each is cancelled by itself. The state counts them, and leaves when none is left.
        let task = Task { await self.run(job, context, handler) }
        if state.withLock({ $0.attach(task, to: job) }) { task.cancel() }
    }

    private func run(_ job: Job, _ context: JobContext, _ handler: JobHandler) async {
        let outcome: Ending.Outcome
        do {
            try await handler.run(job, context)
            outcome = context.isCompleted ? .completed : .succeeded
        } catch {
            if context.isCompleted {
                logger.error(
                    "a job's handler failed after the job's end was written",
                    metadata: ["job": "\(job.id)", "kind": "\(job.kind)", "error": "\(error)"])
                outcome = .completed
            } else {
                outcome = verdict(job, handler).outcome(error, cause: state.withLock { $0.cause(job) })
            }
        }
        state.withLock { $0.end(job, outcome) }
        wakeup.wake()
    }

    private func verdict(_ job: Job, _ handler: JobHandler) -> Verdict {
        Verdict(
            attempt: job.attempt, maximumAttempts: job.maximumAttempts, backoff: handler.backoff,
            timeout: handler.timeout, now: queue.now, random: queue.environment.random())
    }

    private func cancel(_ ids: [JobID], _ cause: CancelCause) {
        for task in state.withLock({ $0.cancel(ids, cause) }) { task.cancel() }
    }

    private func cancelAll(_ cause: CancelCause) { cancel(state.withLock { Array($0.running.keys) }, cause) }

    private func checkTimeouts() {
        let now = queue.now
        // Others may have its jobs from here on.
        if lease.withLock({ $0.until }) < now { cancelAll(.lost) }
        let (overdue, deaf) = state.withLock { $0.overdue(at: now) }
        cancel(overdue, .timeout)
        for job in deaf {
            guard let handler = handlers[job.kind] else { continue }
            let outcome = verdict(job, handler).outcome(CancellationError(), cause: .timeout)
            state.withLock { $0.giveUp(job, outcome) }
            logger.error(
                "a handler does not end when cancelled", metadata: ["job": "\(job.id)", "kind": "\(job.kind)"])
        }
        if !deaf.isEmpty { wakeup.wake() }
    }

    private func writeProgress() async {
        let reports = state.withLock { state in
            state.running.values.compactMap { entry in entry.context.takeProgress().map { (entry.job, $0) } }
        }
        guard !reports.isEmpty else { return }
        do { try await queue.write(reports) } catch {
            logger.debug("progress was not written", metadata: ["error": "\(error)"])
        }
    }
}
