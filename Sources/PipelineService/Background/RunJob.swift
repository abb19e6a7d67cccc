import Jobs
import Persistence
import PipelineContract
import PolicyModel
import ServiceKit
import Wire

/// Which run is to be worked on.
struct RunPayload: Codable, Sendable {
    let run: String
}

extension JobKind where Payload == RunPayload {
    /// Works on a run until it has ended.
    static let run = JobKind("pipeline.run")
}

/// Works on runs.
enum RunJob {
    /// Runs that one process works on at once: their batches share the pool's threads.
    private static let concurrency = 16
    /// Longer than a run may take: it ends itself before.
    private static let slack = Duration.seconds(3_600)
    /// Between two attempts where another role or the storage is away.
    private static let longestPause: Int64 = 15

    static func handler(_ core: PipelineCore) -> JobHandler {
        JobHandler(.run, concurrency: concurrency, timeout: core.bounds.runTime + slack) { payload, context in
            guard let organization = context.job.organization else {
                throw PermanentJobFailure("payload", "a run belongs to an organization")
            }
            let ending = RunEnding(core: core, context: context, organization: organization, id: payload.run)
            do {
                let execution = RunExecution(core: core, context: context, organization: organization, id: payload.run)
                try await execution.run()
            } catch is RunCancelled { try await ending.cancel() } catch let error as PipelineFault {
                guard error.isPassing else { return try await ending.fail(error) }
                try await retry(error.message, context, ending)
            } catch let error as RPCError {
                guard error.isPassing else {
                    return try await ending.fail(.inputUnreadable(message: "the input cannot be read: \(error.code)"))
                }
                try await retry("another role does not answer: \(error.code)", context, ending)
            } catch let error as StoreError where error.isRetryable || error.reason == .outcomeUnknown {
                try await retry("the store does not answer", context, ending)
            }
        }
    }

    /// Tries again, unless this was the last attempt.
    private static func retry(_ message: String, _ context: JobContext, _ ending: RunEnding) async throws {
        guard context.job.attempt < context.job.maximumAttempts else {
            return try await ending.fail(.runAbandoned(message: message))
        }
        try await ending.forgiveStall()
        let pause = min(Int64(context.job.attempt), longestPause)
        throw JobRetry(after: .seconds(pause), message)
    }
}

/// Somebody has asked for the run's end.
struct RunCancelled: Error {}

extension PipelineFault {
    /// Whether the same may work later.
    var isPassing: Bool { self == .storageUnavailable }
}

extension RPCError {
    var isPassing: Bool {
        switch code {
        case .unavailable, .deadlineExceeded, .aborted, .resourceExhausted, .cancelled, .internal, .unknown: true
        default: false
        }
    }
}

/// Writes the end of a run, with its job's, in one transaction.
struct RunEnding: Sendable {
    let core: PipelineCore
    let context: JobContext
    let organization: OrganizationID
    let id: String

    /// How long a worker that was given up may go on to write objects, in microseconds.
    private static let straggling: Int64 = 600_000_000

    func succeed(_ summary: RunSummary) async throws {
        try await end { run in
            run.state = .succeeded
            run.exceededRules = summary.warnings
        }
    }

    func fail(_ fault: PipelineFault) async throws {
        try await end { run in
            run.state = .failed
            run.failure = RunFailure(
                reason: fault.reason.reason, message: String(fault.message.prefix(2_000)), field: fault.field ?? "")
        }
    }

    func cancel() async throws { try await end { $0.state = .cancelled } }

    /// An attempt that says why it ends has not died of its rows.
    func forgiveStall() async throws {
        let id = id
        try await core.store.scoped(organization).write { tx in
            guard var run = try RunStore.run(id, in: tx)?.run, !run.state.hasEnded, run.stalls > 0 else { return }
            run.stalls = 0
            try RunStore.update(run, in: tx)
        }
    }

    private func end(_ change: @escaping @Sendable (inout Run) -> Void) async throws {
        let (core, organization, id) = (core, organization, id)
        try await context.complete { tx in
            guard var run = try RunStore.run(id, in: tx)?.run, !run.state.hasEnded else { return }
            change(&run)
            try Self.write(&run, core, organization, in: tx)
        }
    }

    /// Writes an ended run and the event of its end, and forgets what only a run that goes on needs.
    static func write(
        _ run: inout Run, _ core: PipelineCore, _ organization: OrganizationID, in tx: borrowing Transaction
    ) throws {
        let now = core.now
        (run.endedAt, run.updatedAt) = (now, now)
        try RunStore.update(run, in: tx)
        try RunStore.forgetStates(of: run.id, in: tx)
        // What came of it belongs into the log as well as that somebody wanted it.
        let message = RunMessage(run)
        try core.audit.record(
            "run.end", by: .pipeline, of: organization, resource: message.name, after: MaskedText.of(message), in: tx)
        guard let dataset = run.dataset else { return }
        // Batches that were written and never committed.
        let prefix = PipelineCore.prefix(organization, dataset: dataset, appender: run.id)
        try SweepStore.put(prefix, due: now + straggling, in: tx)
    }
}
