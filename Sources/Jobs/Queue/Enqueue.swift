import Foundation
public import Persistence

extension JobQueue {
    /// Enqueues a job in the caller's transaction: it exists exactly if the rest of the transaction does.
    ///
    /// - Parameters:
    ///   - initiator: who asked for it, as the audit log is to name them: a user, a key, a schedule.
    ///   - organization: on whose behalf; in a scoped transaction the scope's, which is then the default. Nil in a
    ///     system transaction is a job of the service itself.
    /// - Returns: the job's id; with a unique key perhaps that of the job which is there already.
    /// - Throws: `JobError.invalid` naming the field; `StoreError`; what encoding the payload throws.
    @discardableResult
    public func enqueue<Payload>(
        _ kind: JobKind<Payload>, _ payload: Payload, _ options: JobOptions? = nil, by initiator: String,
        for organization: OrganizationID? = nil, in tx: borrowing Transaction
    ) throws -> JobID {
        try enqueue([try kind.request(payload, options)], by: initiator, for: organization, in: tx)[0]
    }

    /// Enqueues jobs in the caller's transaction, many in few statements.
    ///
    /// - Returns: their ids, in the requests' order.
    /// - Throws: as above; the field of the first request that is wrong is named `requests[3].payload`.
    @discardableResult
    public func enqueue(
        _ requests: [JobRequest], by initiator: String, for organization: OrganizationID? = nil,
        in tx: borrowing Transaction
    ) throws -> [JobID] {
        try check(requests, initiator: initiator)
        if let own = tx.organization, let organization, own != organization {
            throw JobError(.invalid, field: "organization", "is not the transaction's")
        }
        let origin = Origin(organization: organization?.rawValue ?? "", initiator: initiator, now: now)
        var ids: [JobID] = []
        ids.reserveCapacity(requests.count)
        var rest = requests[...]
        while let first = rest.first {
            if first.options.uniqueKey != nil {
                ids.append(try insertUnique(first, origin, tx))
                rest = rest.dropFirst()
            } else {
                let alike = rest.prefix { $0.kind == first.kind && $0.options == first.options }
                ids += try insert(alike, first, origin, tx)
                rest = rest.dropFirst(alike.count)
            }
        }
        announce(requests, origin, tx)
        return ids
    }

    /// Enqueues in a transaction of its own.
    @discardableResult
    public func enqueue(
        _ requests: [JobRequest], by initiator: String, for organization: OrganizationID? = nil
    ) async throws -> [JobID] {
        let handle = organization.map { store.scoped($0) } ?? store.system(.enqueueJobs)
        return try await handle.write { tx in try self.enqueue(requests, by: initiator, in: tx) }
    }

    private struct Origin: Sendable {
        var organization: String
        var initiator: String
        var now: Date

        func due(_ options: JobOptions) -> Date {
            switch options.start {
            case .now: now
            case .after(let pause): now + pause
            case .at(let date): max(date, now)
            }
        }
    }

    private func announce(_ requests: [JobRequest], _ origin: Origin, _ tx: borrowing Transaction) {
        var counts: [String: Int] = [:]
        var earliest = Date.distantFuture
        for request in requests {
            counts[request.kind, default: 0] += 1
            earliest = min(earliest, origin.due(request.options))
        }
        let (signals, metrics) = (signals, metrics)
        let signal: WorkerSignals.Signal = earliest <= origin.now ? .ready : .due(earliest)
        tx.afterCommit { [counts] in
            for (kind, count) in counts { metrics.enqueued(kind, count) }
            signals.send(signal)
        }
    }

    private func check(_ requests: [JobRequest], initiator: String) throws(JobError) {
        guard requests.count <= configuration.maximumBatch else {
            throw JobError(.invalid, field: "requests", "are more than \(configuration.maximumBatch)")
        }
        try check(initiator, "initiator")
        for (index, request) in requests.enumerated() {
            let options = request.options
            func fail(_ field: String, _ message: String) -> JobError {
                JobError(.invalid, field: requests.count == 1 ? field : "requests[\(index)].\(field)", message)
            }
            guard request.payload.count <= configuration.maximumPayload else {
                throw fail("payload", "has more than \(configuration.maximumPayload) bytes")
            }
            guard !request.kind.isEmpty else { throw fail("kind", "is empty") }
            try check(request.kind, "kind")
            if let key = options.uniqueKey { try check(key, "uniqueKey") }
            guard (1...configuration.maximumAttempts).contains(options.maximumAttempts) else {
                throw fail("maximumAttempts", "is not within 1...\(configuration.maximumAttempts)")
            }
            guard let limit = options.limit else { continue }
            try check(limit.key, "limit.key")
            guard limit.concurrency ?? 1 > 0 else { throw fail("limit.concurrency", "is not positive") }
            guard let rate = limit.rate else { continue }
            guard rate.starts > 0, rate.burst > 0, rate.period > .zero else {
                throw fail("limit.rate", "is not positive")
            }
        }
    }

    func check(_ name: String, _ field: String) throws(JobError) {
        guard name.utf8.count <= configuration.maximumName else {
            throw JobError(.invalid, field: field, "has more than \(configuration.maximumName) bytes")
        }
    }

    private func organization(_ origin: Origin, _ tx: borrowing Transaction) -> SQL {
        tx.organization == nil ? "\(origin.organization)" : "\(.organization)"
    }

    /// Rows that differ in their payload only: one value each is bound instead of a dozen.
    private func insert(
        _ requests: ArraySlice<JobRequest>, _ first: JobRequest, _ origin: Origin, _ tx: borrowing Transaction
    ) throws -> [JobID] {
        let (options, due) = (first.options, origin.due(first.options))
        let state: SQL = due > origin.now ? "'scheduled'" : "'ready'"
        let limit = options.limit
        var ids: [JobID] = []
        for chunk in Chunks.split(Array(requests)) {
            let payloads = SQL.joined(chunk.map { "(\($0.payload))" }, separator: ", ")
            let inserted =
                if let limit {
                    try tx.values(
                        JobID.self,
                        """
                        INSERT INTO jobs (organization, initiator, kind, state, priority, run_at, created_at,
                            maximum_attempts, limit_key, limit_concurrency, limit_interval, limit_burst, payload)
                        SELECT \(organization(origin, tx)), \(origin.initiator), \(first.kind), \(state),
                            \(options.priority), \(due), \(origin.now), \(options.maximumAttempts), \(limit.key),
                            CAST(\(limit.concurrency) AS BIGINT), CAST(\(limit.rate?.interval) AS BIGINT),
                            CAST(\(limit.rate?.burst) AS BIGINT), rows.column1
                        FROM (VALUES \(payloads)) AS rows WHERE true RETURNING id
                        """)
                } else {
                    try tx.values(
                        JobID.self,
                        """
                        INSERT INTO jobs (organization, initiator, kind, state, priority, run_at, created_at,
                            maximum_attempts, payload)
                        SELECT \(organization(origin, tx)), \(origin.initiator), \(first.kind), \(state),
                            \(options.priority), \(due), \(origin.now), \(options.maximumAttempts), rows.column1
                        FROM (VALUES \(payloads)) AS rows WHERE true RETURNING id
                        """)
                }
            // Numbered in the order of the values; returned in any.
            ids += inserted.sorted()
        }
        return ids
    }

    private func insertUnique(_ request: JobRequest, _ origin: Origin, _ tx: borrowing Transaction) throws -> JobID {
        let (options, due) = (request.options, origin.due(request.options))
        let (limit, owner) = (options.limit, organization(origin, tx))
        let state: SQL = due > origin.now ? "'scheduled'" : "'ready'"
        // On PostgreSQL the job that was in the way may end between the two statements.
        for _ in 0..<3 {
            let inserted = try tx.value(
                JobID.self,
                """
                INSERT INTO jobs (organization, initiator, kind, state, priority, run_at, created_at, maximum_attempts,
                    unique_key, limit_key, limit_concurrency, limit_interval, limit_burst, payload)
                VALUES (\(owner), \(origin.initiator), \(request.kind), \(state), \(options.priority), \(due),
                    \(origin.now), \(options.maximumAttempts), \(options.uniqueKey), \(limit?.key),
                    CAST(\(limit?.concurrency) AS BIGINT), CAST(\(limit?.rate?.interval) AS BIGINT),
                    CAST(\(limit?.rate?.burst) AS BIGINT), \(request.payload))
                ON CONFLICT (organization, kind, unique_key) WHERE unique_key IS NOT NULL AND finished_at IS NULL
                    DO NOTHING
                RETURNING id
                """)
            if let inserted { return inserted }
            let present = try tx.value(
                JobID.self,
                """
                SELECT id FROM jobs WHERE organization = \(owner) AND kind = \(request.kind)
                    AND unique_key = \(options.uniqueKey) AND unique_key IS NOT NULL AND finished_at IS NULL
                """)
            if let present { return present }
        }
        throw StoreError(.serialization, "jobs with the unique key come and go")
    }
}
