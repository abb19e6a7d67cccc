import Foundation
import Persistence

extension JobQueue {
    func register(_ worker: String, name: String, lease: Duration) async throws {
        try await store.system(.runJobs).write(.readCommitted) { tx in
            let now = self.now
            _ = try tx.run(
                """
                INSERT INTO job_workers (id, name, started_at, lease_until)
                VALUES (\(worker), \(name), \(now), \(now + lease))
                """)
        }
    }

    /// - Returns: false if the worker was given up, and will not be again.
    func renew(_ worker: String, until date: Date, _ tx: borrowing Transaction) throws -> Bool {
        try tx.run("UPDATE job_workers SET lease_until = \(date) WHERE id = \(worker) AND NOT is_lost") == 1
    }

    /// A sign of life.
    ///
    /// - Returns: the jobs of the worker that somebody wants cancelled, or nil if the worker was given up.
    func heartbeat(_ worker: String, lease: Duration) async throws -> [JobID]? {
        try await store.system(.runJobs).write(.readCommitted) { tx in
            try self.planForGrowth(tx)
            guard try self.renew(worker, until: self.now + lease, tx) else { return nil }
            return try tx.values(
                JobID.self,
                """
                SELECT id FROM jobs WHERE state = 'running' AND worker = \(worker) AND cancel_requested
                ORDER BY id LIMIT \(self.configuration.maintenanceBatch)
                """)
        }
    }

    /// A worker ends in order: what it still has is given back.
    func leave(_ worker: String) async throws {
        try await store.system(.runJobs).write(.readCommitted) { tx in
            try self.planForGrowth(tx)
            let now = self.now
            try tx.run(
                """
                UPDATE jobs SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'ready' END, worker = NULL,
                    finished_at = CASE WHEN cancel_requested THEN CAST(\(now) AS BIGINT) END, attempt = attempt - 1
                WHERE state = 'running' AND worker = \(worker)
                """)
            _ = try tx.run("DELETE FROM job_workers WHERE id = \(worker)")
        }
    }

    /// Takes the jobs of workers that gave no sign of life in time, a bounded number.
    ///
    /// - Returns: how many, and whether there may be more.
    func rescue() async throws -> (count: Int, hasMore: Bool) {
        let batch = configuration.maintenanceBatch
        let result = try await store.system(.keepJobs).write(.readCommitted) { tx in
            try self.planForGrowth(tx)
            let now = self.now
            let lost = try tx.value(
                String.self,
                """
                SELECT id FROM job_workers WHERE is_lost OR lease_until < \(now) ORDER BY lease_until LIMIT 1\(self.skipLocked)
                """)
            guard let lost else { return (0, false) }
            // From here on the worker, if it lives, cannot renew its lease or claim.
            try tx.run("UPDATE job_workers SET is_lost = TRUE WHERE id = \(lost)")
            let theirs: SQL = """
                SELECT id FROM jobs WHERE state = 'running' AND worker = \(lost) ORDER BY id LIMIT \(batch)
                """
            let count = try self.takeBack(theirs, from: lost, at: now, tx)
            if count < batch { try tx.run("DELETE FROM job_workers WHERE id = \(lost)") }
            return (count, true)
        }
        if result.0 > 0 {
            metrics.rescued(result.0)
            signals.send(.ready)
        }
        return (result.0, result.1)
    }

    private func takeBack(_ theirs: SQL, from worker: String, at now: Date, _ tx: borrowing Transaction) throws -> Int {
        // A row that a handler's transaction is finishing at this moment is waited for, and is then no longer running.
        let error = "the worker \(worker) gave no sign of life"
        try tx.run(
            """
            INSERT INTO job_attempts (organization, job, fence, attempt, worker, started_at, ended_at, outcome, error)
            SELECT organization, id, fence, attempt, worker, started_at, CAST(\(now) AS BIGINT), 'lost',
                CAST(\(error) AS TEXT)
            FROM jobs WHERE id IN (\(theirs))
            """)
        return try tx.run(
            """
            UPDATE jobs SET worker = NULL, error = \(error),
                state = CASE WHEN cancel_requested THEN 'cancelled'
                    WHEN attempt >= maximum_attempts THEN 'dead' ELSE 'ready' END,
                reason = CASE WHEN attempt >= maximum_attempts THEN 'lost' END,
                finished_at = CASE WHEN cancel_requested OR attempt >= maximum_attempts
                    THEN CAST(\(now) AS BIGINT) END
            WHERE id IN (\(theirs)) AND state = 'running'
            """)
    }
}
