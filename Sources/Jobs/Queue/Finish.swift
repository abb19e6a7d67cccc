import Foundation
import Persistence

extension JobQueue {
    /// Writes ends down, each only if the claim is still the job's.
    ///
    /// - Returns: how many were not: their leases were lost.
    func finish(_ endings: [Ending], worker: String, at now: Date, _ tx: borrowing Transaction) throws -> Int {
        var succeeded: [Int64: [JobID]] = [:]
        var lost = 0
        for ending in endings {
            let job = ending.job
            switch ending.outcome {
            case .succeeded: succeeded[job.fence, default: []].append(job.id)
            case .completed: break
            case .retry(let date, let error, let counts):
                let back: SQL = counts ? "attempt" : "attempt - 1"
                let state: SQL = date > now ? "'scheduled'" : "'ready'"
                lost += try end(
                    job, worker, "failed", error, now, tx,
                    """
                    state = CASE WHEN cancel_requested THEN 'cancelled' ELSE \(state) END, worker = NULL,
                    finished_at = CASE WHEN cancel_requested THEN CAST(\(now) AS BIGINT) END,
                    run_at = \(date), attempt = \(back), error = \(trimmed(error))
                    """)
            case .dead(let reason, let error):
                lost += try end(
                    job, worker, "dead", error, now, tx,
                    """
                    state = 'dead', finished_at = \(now), reason = \(trimmed(reason)), error = \(trimmed(error)),
                    worker = NULL
                    """)
            case .cancelled(let error):
                lost += try end(
                    job, worker, "cancelled", error, now, tx,
                    "state = 'cancelled', finished_at = \(now), error = \(trimmed(error)), worker = NULL")
            case .released:
                lost += try end(
                    job, worker, nil, "", now, tx,
                    """
                    state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'ready' END, worker = NULL,
                    finished_at = CASE WHEN cancel_requested THEN CAST(\(now) AS BIGINT) END, attempt = attempt - 1
                    """)
            }
        }
        for (fence, ids) in succeeded { lost += try succeed(ids, fence, now, tx) }
        return lost
    }

    private func succeed(_ ids: [JobID], _ fence: Int64, _ now: Date, _ tx: borrowing Transaction) throws -> Int {
        var lost = 0
        for chunk in Chunks.split(ids) {
            let list = SQL.joined(chunk.map { "\($0)" }, separator: ", ")
            let changed = try tx.run(
                """
                \(success(at: now)) WHERE id IN (\(list)) AND fence = \(fence) AND state = 'running'
                """)
            lost += chunk.count - changed
        }
        return lost
    }

    private func success(at now: Date) -> SQL {
        configuration.keepSucceeded <= .zero
            ? "DELETE FROM jobs" : "UPDATE jobs SET state = 'succeeded', finished_at = \(now)"
    }

    /// Ends a claim within the handler's transaction, which may be its organization's.
    ///
    /// - Throws: `leaseLost`, which undoes the transaction.
    func complete(_ job: Job, at now: Date, _ tx: borrowing Transaction) throws {
        let own: SQL = tx.organization == nil ? "" : " AND organization = \(.organization)"
        let changed = try tx.run(
            "\(success(at: now)) WHERE id = \(job.id) AND fence = \(job.fence) AND state = 'running'\(own)")
        guard changed == 1 else { throw JobError(.leaseLost, "job \(job.id) is no longer this worker's") }
    }

    /// Checks within a transaction that the claim is still the job's, and keeps it so until the transaction ends.
    func assertClaim(_ job: Job, _ tx: borrowing Transaction) throws {
        let own: SQL = tx.organization == nil ? "" : " AND organization = \(.organization)"
        let share: SQL = store.kind == .postgres ? " FOR SHARE" : ""
        let id = try tx.value(
            JobID.self,
            """
            SELECT id FROM jobs WHERE id = \(job.id) AND fence = \(job.fence) AND state = 'running'\(own)\(share)
            """)
        guard id != nil else { throw JobError(.leaseLost, "job \(job.id) is no longer this worker's") }
    }

    private func end(
        _ job: Job, _ worker: String, _ outcome: String?, _ error: String, _ now: Date, _ tx: borrowing Transaction,
        _ changes: SQL
    ) throws -> Int {
        let changed = try tx.run(
            "UPDATE jobs SET \(changes) WHERE id = \(job.id) AND fence = \(job.fence) AND state = 'running'")
        guard changed == 1 else { return 1 }
        guard let outcome else { return 0 }
        try tx.run(
            """
            INSERT INTO job_attempts (organization, job, fence, attempt, worker, started_at, ended_at, outcome, error)
            VALUES (\(job.organization?.rawValue ?? ""), \(job.id), \(job.fence), \(job.attempt), \(worker),
                \(job.startedAt), \(now), \(outcome), \(trimmed(error)))
            """)
        if job.fence > Int64(configuration.maximumHistory) {
            let oldest = job.fence - Int64(configuration.maximumHistory)
            try tx.run("DELETE FROM job_attempts WHERE job = \(job.id) AND fence <= \(oldest)")
        }
        return 0
    }

    /// Cut to the bound, at a character, and without what only one of the stores keeps.
    func trimmed(_ text: String) -> String { Self.trim(text, to: configuration.maximumError) }

    static func trim(_ text: String, to bytes: Int) -> String {
        let clean = text.replacing("\0", with: "\u{FFFD}")
        guard clean.utf8.count > bytes else { return clean }
        var end = clean.utf8.index(clean.startIndex, offsetBy: max(bytes - 3, 0))
        while end > clean.startIndex, end.samePosition(in: clean.unicodeScalars) == nil {
            end = clean.utf8.index(before: end)
        }
        return String(clean[..<end]) + "…"
    }
}
