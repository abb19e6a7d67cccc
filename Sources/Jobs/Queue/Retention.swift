import Foundation
import Persistence

extension JobQueue {
    /// Removes finished jobs whose time is over, in bounded transactions, until none is left.
    ///
    /// - Returns: how many.
    @discardableResult
    public func removeExpired() async throws -> Int {
        let ages: [(JobState, Duration)] = [
            (.succeeded, configuration.keepSucceeded), (.cancelled, configuration.keepCancelled),
            (.dead, configuration.keepDead),
        ]
        var removed = 0
        for (state, age) in ages {
            for kind in try await kinds(in: state) {
                while !Task.isCancelled {
                    let count = try await remove(state, kind, before: now - age)
                    removed += count
                    if count < configuration.maintenanceBatch { break }
                }
            }
        }
        try await forgetLimits()
        return removed
    }

    private func remove(_ state: JobState, _ kind: String, before date: Date) async throws -> Int {
        let batch = configuration.maintenanceBatch
        return try await store.system(.keepJobs).write(.readCommitted) { tx in
            try self.planForGrowth(tx)
            let ids = try tx.values(
                JobID.self,
                """
                SELECT id FROM jobs WHERE finished_at IS NOT NULL AND state = \(state) AND kind = \(kind)
                    AND finished_at < \(date) ORDER BY finished_at, id LIMIT \(batch)\(self.skipLocked)
                """)
            guard !ids.isEmpty else { return 0 }
            for chunk in Chunks.split(ids) {
                let list = SQL.joined(chunk.map { "\($0)" }, separator: ", ")
                try tx.run("DELETE FROM job_attempts WHERE job IN (\(list))")
                try tx.run("DELETE FROM jobs WHERE id IN (\(list))")
            }
            return ids.count
        }
    }

    private func forgetLimits() async throws {
        let date = Self.microseconds(now - configuration.keepLimits)
        let batch = configuration.maintenanceBatch
        try await store.system(.keepJobs).write(.readCommitted) { tx in
            let keys = try tx.all(
                KindAndKey.self,
                """
                SELECT kind, key FROM job_limits WHERE open_at IS NULL AND next_start < \(date)
                LIMIT \(batch)\(self.skipLocked)
                """)
            for key in keys {
                try tx.run("DELETE FROM job_limits WHERE kind = \(key.kind) AND key = \(key.key) AND open_at IS NULL")
            }
        }
    }

    private struct KindAndKey: RowDecodable {
        var kind: String
        var key: String
        init(row: Row) throws { (kind, key) = (try row["kind"], try row["key"]) }
    }
}
