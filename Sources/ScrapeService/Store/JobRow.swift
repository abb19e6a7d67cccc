import Persistence

/// A job as the table has it.
struct JobRow: RowDecodable, Sendable {
    enum State: String, Sendable, SQLConvertible {
        case queued, running, paused, succeeded, failed, cancelled

        var hasEnded: Bool {
            switch self {
            case .queued, .running, .paused: false
            case .succeeded, .failed, .cancelled: true
            }
        }
    }

    enum EndReason: String, Sendable, SQLConvertible {
        case none = ""
        case complete, pages, bytes, duration, cancelled, nothing
    }

    let organization: String
    let id: String
    let scraper: String
    let plan: [UInt8]
    var state: State
    var endReason: EndReason
    let initiator: String
    let createdAt: Int64
    var startedAt: Int64?
    var endedAt: Int64?
    var updatedAt: Int64
    var pausedAt: Int64?
    var rested: Int64
    var lanes: Int64
    var nextPage: Int64
    var nextRecord: Int64
    var nextQuarantined: Int64
    var queued: Int64
    var fetched: Int64
    var extracted: Int64
    var failed: Int64
    var leftOut: Int64
    var bytes: Int64
    var retries: Int64
    var problems: ProblemCounts

    var records: Int64 { nextRecord - 1 }
    var quarantined: Int64 { nextQuarantined - 1 }

    static let columns: SQL = """
        organization, id, scraper, plan, state, end_reason, initiator, created_at, started_at, ended_at, updated_at,
        paused_at, rested, lanes, next_page, next_record, next_quarantined, queued, fetched, extracted, failed, left_out,
        bytes, retries, problems
        """

    init(row: Row) throws {
        (organization, id, scraper) = (try row["organization"], try row["id"], try row["scraper"])
        (plan, state, endReason) = (try row["plan"], try row["state"], try row["end_reason"])
        (initiator, createdAt, startedAt) = (try row["initiator"], try row["created_at"], try row["started_at"])
        (endedAt, updatedAt) = (try row["ended_at"], try row["updated_at"])
        (pausedAt, rested, lanes) = (try row["paused_at"], try row["rested"], try row["lanes"])
        (nextPage, nextRecord) = (try row["next_page"], try row["next_record"])
        (nextQuarantined, queued, fetched) = (try row["next_quarantined"], try row["queued"], try row["fetched"])
        (extracted, failed, leftOut) = (try row["extracted"], try row["failed"], try row["left_out"])
        (bytes, retries) = (try row["bytes"], try row["retries"])
        problems = ProblemCounts(try row["problems"])
    }

    /// A job that begins now.
    init(
        organization: String, id: String, scraper: String, plan: [UInt8], initiator: String, lanes: Int64, now: Int64
    ) {
        (self.organization, self.id, self.scraper, self.plan) = (organization, id, scraper, plan)
        (self.initiator, self.lanes) = (initiator, lanes)
        (createdAt, updatedAt, state, endReason) = (now, now, .queued, .none)
        (startedAt, endedAt, pausedAt, rested) = (nil, nil, nil, 0)
        (nextPage, nextRecord, nextQuarantined) = (1, 1, 1)
        (queued, fetched, extracted, failed, leftOut, bytes, retries) = (0, 0, 0, 0, 0, 0, 0)
        problems = ProblemCounts()
    }

    /// Ends the job: what still waits is left out.
    mutating func end(_ state: State, _ reason: EndReason, now: Int64) {
        (self.state, endReason, endedAt) = (state, reason, now)
        problems.add(.jobEnded, queued)
        leftOut += queued
        queued = 0
    }

    /// Time that it has worked, in microseconds.
    func worked(now: Int64) -> Int64 {
        guard let startedAt else { return 0 }
        return (pausedAt ?? now) - startedAt - rested
    }
}
