import Foundation
public import Persistence

extension JobQueue {
    /// Puts a schedule, in the caller's transaction. If there is one of the name with the same times, its next run
    /// stays as it is; else the next run is the first from now on.
    ///
    /// - Throws: `JobError.invalid` naming the field; `notFound` if the name is another organization's.
    public func put(_ schedule: JobSchedule, in tx: borrowing Transaction) throws {
        try check(schedule.name, "name")
        try check(schedule.initiator, "initiator")
        guard schedule.request.payload.count <= configuration.maximumPayload else {
            throw JobError(.invalid, field: "payload", "has more than \(configuration.maximumPayload) bytes")
        }
        let owner = tx.organization ?? schedule.organization
        guard owner == schedule.organization else {
            throw JobError(.invalid, field: "organization", "is not the transaction's")
        }
        let present = try find(schedule.name, tx)
        if present == nil, try exists(schedule.name, tx) {
            throw JobError(.notFound, "the name \"\(schedule.name)\" is taken")
        }
        var next = present?.nextAt
        if next == nil || present?.schedule.cron != schedule.cron { next = schedule.cron.next(after: now) }
        if !schedule.isEnabled { next = nil }
        try write(schedule, owner: owner, next: next, isNew: present == nil, tx)
    }

    private func write(
        _ schedule: JobSchedule, owner: OrganizationID?, next: Date?, isNew: Bool, _ tx: borrowing Transaction
    ) throws {
        let (cron, options) = (schedule.cron, schedule.request.options)
        let organization: SQL = tx.organization == nil ? "\(owner?.rawValue ?? "")" : "\(.organization)"
        if isNew {
            try tx.run(
                """
                INSERT INTO job_schedules (name, organization, initiator, kind, cron, time_zone, missed, overlap,
                    priority, maximum_attempts, is_enabled, next_at, payload)
                VALUES (\(schedule.name), \(organization), \(schedule.initiator), \(schedule.request.kind),
                    \(cron.expression.description), \(cron.timeZone.identifier), \(schedule.missed.text),
                    \(schedule.overlap), \(options.priority), \(options.maximumAttempts), \(schedule.isEnabled),
                    \(next), \(schedule.request.payload))
                """)
        } else {
            try tx.run(
                """
                UPDATE job_schedules SET initiator = \(schedule.initiator), kind = \(schedule.request.kind),
                    cron = \(cron.expression.description), time_zone = \(cron.timeZone.identifier),
                    missed = \(schedule.missed.text), overlap = \(schedule.overlap), priority = \(options.priority),
                    maximum_attempts = \(options.maximumAttempts), is_enabled = \(schedule.isEnabled),
                    next_at = \(next), payload = \(schedule.request.payload), error = NULL
                WHERE name = \(schedule.name) AND organization = \(organization)
                """)
        }
    }

    /// Removes a schedule; jobs that it has enqueued stay.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public func removeSchedule(_ name: String, in tx: borrowing Transaction) throws -> Bool {
        try tx.run("DELETE FROM job_schedules WHERE name = \(name)\(Self.own(tx))") == 1
    }

    /// Schedules by name: an organization's, or all.
    ///
    /// - Parameter after: the last name of the page before.
    public func schedules(
        of organization: OrganizationID? = nil, after: String = "", limit: Int = 100
    ) async throws -> [JobScheduleInfo] {
        let handle = organization.map { store.scoped($0) } ?? store.system(.inspectJobs)
        let limit = min(max(limit, 1), configuration.maximumPage)
        return try await handle.read { tx in
            try tx.all(
                ScheduleRow.self,
                """
                SELECT \(ScheduleRow.columns) FROM job_schedules WHERE name > \(after)\(Self.own(tx))
                ORDER BY name LIMIT \(limit)
                """
            ).compactMap(\.info)
        }
    }

    private func find(_ name: String, _ tx: borrowing Transaction) throws -> JobScheduleInfo? {
        try tx.optional(
            ScheduleRow.self,
            "SELECT \(ScheduleRow.columns) FROM job_schedules WHERE name = \(name)\(Self.own(tx))")?.info
    }

    /// On SQLite a scoped statement that names its organization without filtering sees all; on PostgreSQL none, and the
    /// insert then says so.
    private func exists(_ name: String, _ tx: borrowing Transaction) throws -> Bool {
        let any: SQL = tx.organization == nil ? "" : " AND \(.organization) <> ''"
        return try tx.value(String.self, "SELECT name FROM job_schedules WHERE name = \(name)\(any)") != nil
    }
}

/// A row of `job_schedules`.
struct ScheduleRow: RowDecodable {
    static let columns: SQL = """
        name, organization, initiator, kind, cron, time_zone, missed, overlap, priority, maximum_attempts, is_enabled,
        next_at, last_at, error, payload
        """

    let name: String
    let nextAt: Date?
    /// Nil if it cannot be read: `problem` says why.
    let info: JobScheduleInfo?
    let problem: String?

    init(row: Row) throws {
        name = try row["name"]
        nextAt = try row["next_at"]
        let cron: CronSchedule
        do { cron = try CronSchedule(try row["cron"], timeZone: try row["time_zone"]) } catch let error as CronError {
            (info, problem) = (nil, error.description)
            return
        }
        let owner: String = try row["organization"]
        let request = JobRequest(
            kind: try row["kind"], payload: try row["payload"],
            options: JobOptions(priority: try row["priority"], maximumAttempts: try row["maximum_attempts"]))
        var schedule = JobSchedule(
            name, cron, request, for: owner.isEmpty ? nil : OrganizationID(owner), by: try row["initiator"])
        schedule.missed = JobSchedule.Missed(text: try row["missed"])
        schedule.overlap = try row["overlap"]
        schedule.isEnabled = try row["is_enabled"]
        info = JobScheduleInfo(
            schedule: schedule, nextAt: nextAt, lastAt: try row["last_at"], error: try row["error"])
        problem = nil
    }
}

extension JobSchedule.Missed {
    var text: String {
        switch self {
        case .skip: "skip"
        case .runOnce: "once"
        case .runAll(let most): "all \(most)"
        }
    }

    init(text: String) {
        switch text.split(separator: " ").first {
        case "skip": self = .skip
        case "all": self = .runAll(atMost: Int(text.dropFirst(4)) ?? 1)
        default: self = .runOnce
        }
    }
}
