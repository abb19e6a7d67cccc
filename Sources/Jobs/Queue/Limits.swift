import Foundation
import Persistence

/// Limits are kept by those who claim, never by those who enqueue, so that callers' transactions do not meet there. A
/// job whose key is full leaves the ready jobs once (`held`), so that a claim never reads past it again.
extension JobQueue {
    private struct LimitKey: Hashable, Comparable {
        var kind: String
        var key: String
        static func < (left: LimitKey, right: LimitKey) -> Bool { (left.kind, left.key) < (right.kind, right.key) }
    }

    /// Puts claimed jobs back whose key is full, and opens the keys of those that ended.
    func applyLimits(
        _ turn: Turn, at now: Date, _ result: inout Turn.Result, _ tx: borrowing Transaction
    ) throws {
        var claimed: [LimitKey: [Job]] = [:]
        for job in result.jobs {
            if let limit = job.limit { claimed[LimitKey(kind: job.kind, key: limit.key), default: []].append(job) }
        }
        var keys = Set(claimed.keys)
        var ended: Set<LimitKey> = []
        for ending in turn.endings {
            if let limit = ending.job.limit { ended.insert(LimitKey(kind: ending.job.kind, key: limit.key)) }
        }
        keys.formUnion(ended)
        guard !keys.isEmpty else { return }
        var held: Set<JobID> = []
        // In order, so that two workers do not wait for each other.
        for key in keys.sorted() {
            if ended.contains(key) {
                // Nobody may wait for it: then there is nothing to open.
                let opened = try tx.run(
                    """
                    UPDATE job_limits SET open_at = \(now)
                    WHERE kind = \(key.kind) AND key = \(key.key) AND open_at IS NOT NULL
                    """)
                if opened > 0 { result.nextOpen = now }
            }
            guard let jobs = claimed[key] else { continue }
            let (ids, opensAt) = try hold(jobs, key, turn, at: now, tx)
            held.formUnion(ids)
            if let opensAt { result.nextOpen = min(result.nextOpen ?? opensAt, opensAt) }
        }
        result.jobs.removeAll { held.contains($0.id) }
    }

    /// - Returns: the jobs that may not start yet, and when to look again.
    private func hold(
        _ jobs: [Job], _ key: LimitKey, _ turn: Turn, at now: Date, _ tx: borrowing Transaction
    ) throws -> ([JobID], Date?) {
        try tx.run(
            """
            INSERT INTO job_limits (kind, key, next_start) VALUES (\(key.kind), \(key.key), 0)
            ON CONFLICT (kind, key) DO NOTHING
            """)
        let start = try tx.value(
            Int64.self,
            "SELECT next_start FROM job_limits WHERE kind = \(key.kind) AND key = \(key.key)\(forUpdate)")
        var pace = Pace(nextStart: start ?? 0, now: Self.microseconds(now))
        var running = try running(key, tx) - jobs.count
        var held: [JobID] = []
        var opensAt: Date?
        for job in jobs {
            guard let limit = job.limit else { continue }
            if let concurrency = limit.concurrency, running >= concurrency {
                held.append(job.id)
                opensAt = opensAt ?? now + turn.limitRecheck
            } else if let interval = limit.interval, !pace.start(interval: interval, burst: limit.burst) {
                held.append(job.id)
                opensAt = opensAt ?? Self.date(pace.opensAt(interval: interval, burst: limit.burst))
            } else {
                running += 1
            }
        }
        try tx.run(
            """
            UPDATE job_limits SET next_start = \(pace.nextStart),
                open_at = COALESCE(CAST(\(opensAt) AS BIGINT), open_at)
            WHERE kind = \(key.kind) AND key = \(key.key)
            """)
        for chunk in Chunks.split(held) {
            let list = SQL.joined(chunk.map { "\($0)" }, separator: ", ")
            try tx.run(
                "UPDATE jobs SET state = 'held', worker = NULL, attempt = attempt - 1 WHERE id IN (\(list))")
        }
        return (held, opensAt)
    }

    private func running(_ key: LimitKey, _ tx: borrowing Transaction) throws -> Int {
        try tx.value(
            Int.self,
            """
            SELECT count(*) AS n FROM jobs
            WHERE state = 'running' AND limit_key IS NOT NULL AND kind = \(key.kind) AND limit_key = \(key.key)
            """) ?? 0
    }

    /// Makes held jobs ready whose key has room again, for a bounded number of keys.
    ///
    /// - Returns: whether any job was made ready, and whether there may be more keys.
    func openLimits(_ kinds: [String], recheck: Duration) async throws -> (any: Bool, hasMore: Bool) {
        let batch = configuration.maintenanceBatch
        return try await store.system(.keepJobs).write(.readCommitted) { tx in
            try self.planForGrowth(tx)
            let now = self.now
            let list = SQL.joined(kinds.map { "\($0)" }, separator: ", ")
            let rows = try tx.all(
                OpenLimit.self,
                """
                SELECT kind, key, next_start FROM job_limits
                WHERE open_at IS NOT NULL AND open_at <= \(now) AND kind IN (\(list))
                ORDER BY open_at LIMIT \(batch)\(self.skipLocked)
                """)
            var any = false
            for row in rows { any = try self.open(row, recheck: recheck, at: now, tx) || any }
            return (any, rows.count == batch)
        }
    }

    private struct OpenLimit: RowDecodable {
        var key: LimitKey
        var nextStart: Int64
        init(row: Row) throws {
            key = LimitKey(kind: try row["kind"], key: try row["key"])
            nextStart = try row["next_start"]
        }
    }

    private func open(
        _ limit: OpenLimit, recheck: Duration, at now: Date, _ tx: borrowing Transaction
    ) throws -> Bool {
        let (kind, key) = (limit.key.kind, limit.key.key)
        // Looks no further than one could go: the first that must wait makes the others wait.
        let waiting = try tx.all(
            HeldJob.self,
            """
            SELECT id, limit_concurrency, limit_interval, limit_burst FROM jobs
            WHERE state = 'held' AND kind = \(kind) AND limit_key = \(key)
            ORDER BY priority, id LIMIT \(configuration.maintenanceBatch)
            """)
        var pace = Pace(nextStart: limit.nextStart, now: Self.microseconds(now))
        var running = try running(limit.key, tx)
        var opened: [JobID] = []
        var next: Date? = waiting.isEmpty ? nil : now + recheck
        for job in waiting {
            if let concurrency = job.concurrency, running >= concurrency { break }
            if let interval = job.interval, !pace.start(interval: interval, burst: job.burst) {
                next = Self.date(pace.opensAt(interval: interval, burst: job.burst))
                break
            }
            running += 1
            opened.append(job.id)
        }
        try tx.run("UPDATE job_limits SET open_at = \(next) WHERE kind = \(kind) AND key = \(key)")
        for id in opened { try tx.run("UPDATE jobs SET state = 'ready' WHERE id = \(id) AND state = 'held'") }
        return !opened.isEmpty
    }

    private struct HeldJob: RowDecodable {
        var id: JobID
        var concurrency: Int?
        var interval: Int64?
        var burst: Int64
        init(row: Row) throws {
            id = try row["id"]
            concurrency = try row["limit_concurrency"]
            interval = try row["limit_interval"]
            burst = (try row["limit_burst"] as Int64?) ?? 1
        }
    }

    static func microseconds(_ date: Date) -> Int64 { Int64((date.timeIntervalSince1970 * 1_000_000).rounded()) }
    static func date(_ microseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(microseconds) / 1_000_000) }
}

/// When the next job of a key may start: the generic cell rate algorithm (ITU-T I.371). Times in microseconds.
struct Pace: Sendable, Hashable {
    /// The theoretical time of the next start, if all starts were evenly spread.
    var nextStart: Int64
    var now: Int64

    /// Counts a start, if it may be now.
    mutating func start(interval: Int64, burst: Int64) -> Bool {
        guard opensAt(interval: interval, burst: burst) <= now else { return false }
        nextStart = max(nextStart, now) + interval
        return true
    }

    func opensAt(interval: Int64, burst: Int64) -> Int64 { nextStart - (max(burst, 1) - 1) * interval }
}
