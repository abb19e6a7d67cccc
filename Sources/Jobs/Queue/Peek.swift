import Foundation
import Persistence

/// What a worker with nothing to do looks at: three probes of indices, in a transaction that only reads.
struct Peek: Sendable {
    var hasReady: Bool
    /// When the first scheduled job is due.
    var nextDue: Date?
    /// When the first limit key with waiting jobs opens.
    var nextOpen: Date?
}

extension JobQueue {
    func peek(_ kinds: [String]) async throws -> Peek {
        try await store.system(.runJobs).read { tx in
            let list = SQL.joined(kinds.map { "\($0)" }, separator: ", ")
            let ready = try tx.value(
                JobID.self, "SELECT id FROM jobs WHERE state = 'ready' AND kind IN (\(list)) LIMIT 1")
            let due = try tx.value(
                Date.self, "SELECT run_at FROM jobs WHERE state = 'scheduled' ORDER BY run_at, id LIMIT 1")
            let open = try tx.value(
                Date.self,
                """
                SELECT open_at FROM job_limits WHERE open_at IS NOT NULL AND kind IN (\(list))
                ORDER BY open_at LIMIT 1
                """)
            return Peek(hasReady: ready != nil, nextDue: due, nextOpen: open)
        }
    }
}
