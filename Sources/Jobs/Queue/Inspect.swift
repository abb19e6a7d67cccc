import Foundation
public import Persistence

/// A page of a list, and how to get the next one.
public struct JobPage: Sendable, Hashable {
    public var jobs: [JobInfo]
    /// Nil on the last page.
    public var nextPageToken: String?
}

extension JobQueue {
    /// - Throws: `JobError.notFound`, also if the job is another organization's.
    public func info(_ id: JobID, for organization: OrganizationID? = nil) async throws -> JobInfo {
        let handle = organization.map { store.scoped($0) } ?? store.system(.inspectJobs)
        return try await handle.read { tx in try self.info(id, tx) }
    }

    func info(_ id: JobID, _ tx: borrowing Transaction) throws -> JobInfo {
        let info = try tx.optional(
            JobInfo.self, "SELECT \(JobInfo.columns) FROM jobs WHERE id = \(id)\(Self.own(tx))")
        guard let info else { throw JobError(.notFound, "there is no job \(id)") }
        return info
    }

    /// The attempts of a job that did not succeed, the latest first, at most `JobsConfiguration.maximumHistory`. The
    /// one that did, or runs, stands in the job itself.
    public func history(_ id: JobID, for organization: OrganizationID? = nil) async throws -> [JobAttempt] {
        let handle = organization.map { store.scoped($0) } ?? store.system(.inspectJobs)
        return try await handle.read { tx in
            _ = try self.info(id, tx)
            return try tx.all(
                JobAttempt.self,
                """
                SELECT attempt, worker, started_at, ended_at, outcome, error FROM job_attempts
                WHERE job = \(id)\(Self.own(tx)) ORDER BY fence DESC LIMIT \(self.configuration.maximumHistory)
                """)
        }
    }

    /// Jobs in a state, in the order that matters there: those that wait by when they are next, finished ones by when
    /// they ended, each kind by itself.
    ///
    /// - Parameter pageToken: from the page before, with the same state and kind.
    /// - Throws: `JobError.invalid` if the page token is not one of this list.
    public func list(
        _ state: JobState, kind: String? = nil, pageSize: Int = 100, pageToken: String? = nil
    ) async throws -> JobPage {
        let order = Self.order(state)
        let after = try pageToken.map { try PageToken($0, "\(state.rawValue) \(kind ?? "")", count: order.count) }
        var conditions = [Self.filter(state)]
        if let kind { conditions.append("kind = \(kind)") }
        if let after {
            let values = SQL.joined(after.values.map { "\($0)" }, separator: ", ")
            conditions.append("(\(SQL.joined(order.map(\.column), separator: ", "))) > (\(values))")
        }
        let where_ = SQL.joined(conditions, separator: " AND ")
        let columns = SQL.joined(order.map(\.column), separator: ", ")
        let size = bounded(pageSize)
        let jobs = try await store.system(.inspectJobs).read { tx in
            try tx.all(
                JobInfo.self,
                "SELECT \(JobInfo.columns) FROM jobs WHERE \(where_) ORDER BY \(columns) LIMIT \(size + 1)")
        }
        return page(jobs, size) { job in
            PageToken("\(state.rawValue) \(kind ?? "")", order.map { $0.value(job) }).text
        }
    }

    /// An organization's jobs, the newest first.
    public func list(
        of organization: OrganizationID, state: JobState? = nil, kind: String? = nil, pageSize: Int = 100,
        pageToken: String? = nil
    ) async throws -> JobPage {
        let list = "\(organization) \(state?.rawValue ?? "") \(kind ?? "")"
        let after = try pageToken.map { try PageToken($0, list, count: 1) }
        let size = bounded(pageSize)
        let jobs = try await store.scoped(organization).read { tx in
            var conditions: [SQL] = ["organization = \(.organization)"]
            if let state { conditions.append("state = \(state)") }
            if let kind { conditions.append("kind = \(kind)") }
            if let last = after?.values.first { conditions.append("id < \(last)") }
            let where_ = SQL.joined(conditions, separator: " AND ")
            return try tx.all(
                JobInfo.self, "SELECT \(JobInfo.columns) FROM jobs WHERE \(where_) ORDER BY id DESC LIMIT \(size + 1)")
        }
        return page(jobs, size) { PageToken(list, [$0.id.sqlValue]).text }
    }

    private func bounded(_ size: Int) -> Int { min(max(size, 1), configuration.maximumPage) }

    private func page(_ jobs: [JobInfo], _ size: Int, _ token: (JobInfo) -> String) -> JobPage {
        let page = Array(jobs.prefix(size))
        return JobPage(jobs: page, nextPageToken: jobs.count > size ? page.last.map(token) : nil)
    }

    private struct Column: Sendable {
        var column: SQL
        var value: @Sendable (JobInfo) -> SQLValue
    }

    /// As the state's index has it, so that a page costs the same wherever it is.
    private static func order(_ state: JobState) -> [Column] {
        let id = Column(column: "id") { $0.id.sqlValue }
        let kind = Column(column: "kind") { $0.kind.sqlValue }
        let priority = Column(column: "priority") { $0.priority.sqlValue }
        return switch state {
        case .scheduled: [Column(column: "run_at") { $0.dueAt.sqlValue }, id]
        case .ready: [kind, priority, id]
        case .held: [kind, Column(column: "limit_key") { $0.limitKey.sqlValue }, priority, id]
        case .running: [Column(column: "worker") { $0.worker.sqlValue }, id]
        case .succeeded, .cancelled, .dead: [kind, Column(column: "finished_at") { $0.finishedAt.sqlValue }, id]
        }
    }
}
