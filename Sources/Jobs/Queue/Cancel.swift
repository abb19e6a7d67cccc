import Foundation
public import Persistence

extension JobQueue {
    /// Cancels a job: one that waits at once; one that runs by cancelling its task, in this process at once, elsewhere
    /// at the worker's next heartbeat. A running job may still come to another end.
    ///
    /// - Parameter organization: whose job it must be; nil for an operator, who may cancel any.
    /// - Returns: the job as it stands now.
    /// - Throws: `JobError.notFound`; `wrongState` if it is finished already, unless it was cancelled.
    @discardableResult
    public func cancel(_ id: JobID, for organization: OrganizationID? = nil) async throws -> JobInfo {
        let handle = organization.map { store.scoped($0) } ?? store.system(.inspectJobs)
        return try await handle.write(.readCommitted) { tx in
            let own = Self.own(tx)
            // Whether it waits or runs can change in between: each statement says what it is for.
            let waiting = try tx.run(
                """
                UPDATE jobs SET state = 'cancelled', finished_at = \(self.now), cancel_requested = TRUE
                WHERE id = \(id) AND state IN ('scheduled', 'ready', 'held')\(own)
                """)
            if waiting == 0 {
                let running = try tx.run(
                    "UPDATE jobs SET cancel_requested = TRUE WHERE id = \(id) AND state = 'running'\(own)")
                let signals = self.signals
                if running == 1 { tx.afterCommit { signals.send(.cancel(id)) } }
            }
            let info = try self.info(id, tx)
            guard waiting == 1 || info.state == .running || info.state == .cancelled else {
                throw JobError(.wrongState, "job \(id) is \(info.state.rawValue) already")
            }
            return info
        }
    }

    /// Makes a dead or cancelled job ready again, with all its attempts before it.
    ///
    /// - Throws: `JobError.notFound`; `wrongState` if it is neither, or another job with its unique key is waiting or
    ///   running.
    @discardableResult
    public func redrive(_ id: JobID, for organization: OrganizationID? = nil) async throws -> JobInfo {
        let handle = organization.map { store.scoped($0) } ?? store.system(.inspectJobs)
        return try await handle.write(.readCommitted) { tx in
            guard try self.redrive(id, tx) else {
                let info = try self.info(id, tx)
                throw JobError(.wrongState, "job \(id) is \(info.state.rawValue), not dead or cancelled")
            }
            return try self.info(id, tx)
        }
    }

    /// Makes dead jobs ready again, the oldest deaths first.
    ///
    /// - Parameters:
    ///   - reason: only those that died of it; nil for all.
    ///   - limit: how many at most, in one transaction; within `JobsConfiguration.maintenanceBatch`.
    /// - Returns: those driven again. Jobs whose unique key is another's by now are left dead.
    public func redriveDead(kind: String, reason: String? = nil, limit: Int) async throws -> [JobID] {
        let limit = min(max(limit, 0), configuration.maintenanceBatch)
        return try await store.system(.inspectJobs).write(.readCommitted) { tx in
            let filter: SQL = reason.map { " AND reason = \($0)" } ?? ""
            let dead = try tx.values(
                JobID.self,
                """
                SELECT id FROM jobs WHERE finished_at IS NOT NULL AND state = 'dead' AND kind = \(kind)\(filter)
                ORDER BY finished_at, id LIMIT \(limit)\(self.skipLocked)
                """)
            var driven: [JobID] = []
            for id in dead {
                do { if try self.redrive(id, tx) { driven.append(id) } } catch let error as JobError
                    where error.reason == .wrongState
                { continue }
            }
            return driven
        }
    }

    private func redrive(_ id: JobID, _ tx: borrowing Transaction) throws -> Bool {
        let now = now
        do {
            let changed = try tx.savepoint { tx in
                try tx.run(
                    """
                    UPDATE jobs SET state = 'ready', run_at = \(now), attempt = 0, finished_at = NULL,
                        cancel_requested = FALSE, reason = NULL
                    WHERE id = \(id) AND finished_at IS NOT NULL AND state IN ('dead', 'cancelled')\(Self.own(tx))
                    """)
            }
            let signals = signals
            if changed == 1 { tx.afterCommit { signals.send(.ready) } }
            return changed == 1
        } catch let error as StoreError where error.reason == .conflict {
            throw JobError(.wrongState, "another job with the unique key of job \(id) is waiting or running")
        }
    }

    /// The condition that a scoped transaction must name.
    static func own(_ tx: borrowing Transaction) -> SQL {
        tx.organization == nil ? "" : " AND organization = \(.organization)"
    }
}
