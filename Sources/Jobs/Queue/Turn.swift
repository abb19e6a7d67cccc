import Foundation
import Persistence

/// One transaction of a worker: ends are written, and what it has room for is claimed.
struct Turn: Sendable {
    struct Kind: Sendable {
        var name: String
        var room: Int
    }

    var worker: String
    var lease: Duration
    var endings: [Ending]
    /// In the order to be asked, which rotates, so that each has its turn to be first.
    var kinds: [Kind]
    /// Jobs to claim at most, of all kinds.
    var room: Int
    /// Whether scheduled jobs may have become due.
    var promotes: Bool
    var limitRecheck: Duration

    struct Result: Sendable {
        var jobs: [Job] = []
        var lost = 0
        /// Whether there may be more to claim at once.
        var hasMore = false
        /// When the first of the limit keys that were touched opens.
        var nextOpen: Date?
        /// False if the worker was given up: it owns nothing any more, and what it wanted has not happened.
        var isAlive = true
    }
}

extension JobQueue {
    func run(_ turn: Turn) async throws -> Turn.Result {
        try await store.system(.runJobs).write(.readCommitted) { tx in
            let now = self.now
            try self.planForGrowth(tx)
            var result = Turn.Result()
            guard try self.renew(turn.worker, until: now + turn.lease, tx) else {
                result.isAlive = false
                return result
            }
            result.lost = try self.finish(turn.endings, worker: turn.worker, at: now, tx)
            if turn.promotes { result.hasMore = try self.promote(at: now, tx) }
            try self.claim(turn, at: now, &result, tx)
            try self.applyLimits(turn, at: now, &result, tx)
            return result
        }
    }

    /// Makes scheduled jobs ready whose time has come.
    ///
    /// - Returns: whether there may be more of them.
    func promote(at now: Date, _ tx: borrowing Transaction) throws -> Bool {
        let batch = configuration.maintenanceBatch
        let due: SQL = """
            SELECT id FROM jobs WHERE state = 'scheduled' AND run_at <= \(now) ORDER BY run_at, id LIMIT \(batch)
            """
        return try tx.run("UPDATE jobs SET state = 'ready' WHERE \(among(due))") == batch
    }

    private func claim(
        _ turn: Turn, at now: Date, _ result: inout Turn.Result, _ tx: borrowing Transaction
    ) throws {
        for kind in turn.kinds {
            let wanted = min(kind.room, turn.room - result.jobs.count)
            guard wanted > 0 else { continue }
            let next: SQL = """
                SELECT id FROM jobs WHERE state = 'ready' AND kind = \(kind.name) ORDER BY priority, id LIMIT \(wanted)
                """
            let claimed = try tx.all(
                Job.self,
                """
                UPDATE jobs SET state = 'running', worker = \(turn.worker), started_at = \(now),
                    attempt = attempt + 1, fence = fence + 1, progress = NULL, note = NULL
                WHERE \(among(next)) RETURNING \(Job.columns)
                """)
            if claimed.count == wanted { result.hasMore = true }
            result.jobs += claimed.sorted { ($0.priority, $0.id) < ($1.priority, $1.id) }
        }
    }

    /// The rows of a subquery that nobody else has locked. As an array, which PostgreSQL makes once: a join could run
    /// the subquery, and lock, again.
    func among(_ subquery: SQL) -> SQL {
        store.kind == .postgres ? "id = ANY (ARRAY(\(subquery)\(skipLocked)))" : "id IN (\(subquery))"
    }
}
