import Foundation
public import Logging
import Persistence
public import ServiceLifecycle

/// Bounds of a scheduler.
public struct SchedulerConfiguration: Sendable {
    /// How often schedules that are due are looked for: the most that a run is late.
    public var poll: Duration = .seconds(1)
    /// A run that is late by no more than this is run, not missed.
    public var grace: Duration = .seconds(60)
    /// Runs of one schedule that are enqueued at once, at most.
    public var maximumRuns = 100
    /// Schedules that one round looks at.
    public var batch = 100
    /// Before the store is tried again after an error.
    public var storeBackoff = Backoff(first: .milliseconds(500), longest: .seconds(10))

    public init() {}
}

/// Enqueues what schedules say, each run exactly once however many schedulers there are: a run is enqueued in the
/// transaction that moves its schedule on to the next time.
public final class JobScheduler: Service {
    private let queue: JobQueue
    private let configuration: SchedulerConfiguration
    private let logger: Logger

    public init(
        _ queue: JobQueue, configuration: SchedulerConfiguration = SchedulerConfiguration(),
        logger: Logger = Logger(label: "datavault.jobs")
    ) {
        self.queue = queue
        self.configuration = configuration
        self.logger = logger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.rounds() }
    }

    private func rounds() async {
        var failures = 0
        while !Task.isCancelled {
            var pause = configuration.poll
            do {
                while try await enqueueDue() == configuration.batch, !Task.isCancelled {}
                failures = 0
            } catch {
                if Task.isCancelled { return }
                failures += 1
                logger.warning("schedules cannot be read", metadata: ["error": "\(error)"])
                pause = configuration.storeBackoff.pause(after: failures, random: queue.environment.random())
            }
            try? await queue.environment.sleep(pause)
        }
    }

    /// One round: a transaction for each schedule that is due.
    ///
    /// - Returns: how many were.
    func enqueueDue() async throws -> Int {
        let now = queue.now
        let batch = configuration.batch
        let due = try await queue.store.system(.scheduleJobs).read { tx in
            try tx.all(
                ScheduleRow.self,
                """
                SELECT \(ScheduleRow.columns) FROM job_schedules
                WHERE is_enabled AND next_at IS NOT NULL AND next_at <= \(now) ORDER BY next_at LIMIT \(batch)
                """)
        }
        for row in due {
            guard let info = row.info, let time = row.nextAt else {
                try await fail(row)
                continue
            }
            try await enqueue(info.schedule, due: time, now: now)
        }
        return due.count
    }

    private func enqueue(_ schedule: JobSchedule, due: Date, now: Date) async throws {
        let (times, next) = schedule.runs(
            due: due, now: now, grace: configuration.grace, bound: configuration.maximumRuns)
        let queue = queue
        try await queue.store.system(.scheduleJobs).write(.readCommitted) { tx in
            // Whoever moves the schedule on enqueues its runs; for the others the row has changed.
            let moved = try tx.run(
                """
                UPDATE job_schedules SET next_at = \(next), last_at = COALESCE(CAST(\(times.last) AS BIGINT), last_at)
                WHERE name = \(schedule.name) AND next_at = \(due) AND is_enabled
                    AND cron = \(schedule.cron.expression.description)
                """)
            guard moved == 1 else { return }
            let requests = times.map { time in
                var request = schedule.request
                let instant = schedule.overlap == .allow ? " \(JobQueue.microseconds(time) / 1_000_000)" : ""
                request.options.uniqueKey = "schedule \(schedule.name)\(instant)"
                return request
            }
            try queue.enqueue(requests, by: schedule.initiator, for: schedule.organization, in: tx)
        }
    }

    /// A time zone that this machine does not know: stopped, with its reason, instead of tried for ever.
    private func fail(_ row: ScheduleRow) async throws {
        logger.error("a schedule cannot be read", metadata: ["name": "\(row.name)", "error": "\(row.problem ?? "")"])
        try await queue.store.system(.scheduleJobs).write(.readCommitted) { tx in
            _ = try tx.run(
                "UPDATE job_schedules SET next_at = NULL, error = \(row.problem) WHERE name = \(row.name)")
        }
    }
}
