import Persistence

/// The table of jobs.
///
/// Statements name the organization themselves, so that they serve scoped transactions of calls and the system ones of
/// workers alike.
enum JobStore {
    /// How a transaction names whose rows it means.
    static func owner(_ organization: String, _ tx: borrowing Transaction) -> SQL {
        tx.organization == nil ? "\(organization)" : "\(.organization)"
    }

    static func insert(_ job: JobRow, in tx: borrowing Transaction) throws {
        let owner = owner(job.organization, tx)
        try tx.run(
            """
            INSERT INTO scrape_jobs (\(JobRow.columns))
            VALUES (
                \(owner), \(job.id), \(job.scraper), \(job.plan), \(job.state), \(job.endReason), \(job.initiator),
                \(job.createdAt), CAST(\(job.startedAt) AS BIGINT), CAST(\(job.endedAt) AS BIGINT), \(job.updatedAt),
                CAST(\(job.pausedAt) AS BIGINT), \(job.rested), \(job.lanes), \(job.nextPage), \(job.nextRecord),
                \(job.nextQuarantined), \(job.queued), \(job.fetched), \(job.extracted), \(job.failed), \(job.leftOut),
                \(job.bytes), \(job.retries), \(job.problems.text)
            )
            """)
    }

    static func job(_ id: String, of organization: String, in tx: borrowing Transaction) throws -> JobRow? {
        let owner = owner(organization, tx)
        return try tx.optional(
            JobRow.self, "SELECT \(JobRow.columns) FROM scrape_jobs WHERE organization = \(owner) AND id = \(id)")
    }

    /// The job, which nobody else changes until the transaction ends: what two lanes do to a job happens one after the
    /// other.
    static func lock(_ id: String, of organization: String, in tx: borrowing Transaction) throws -> JobRow? {
        let owner = owner(organization, tx)
        return try tx.all(
            JobRow.self,
            """
            UPDATE scrape_jobs SET lanes = lanes WHERE organization = \(owner) AND id = \(id)
            RETURNING \(JobRow.columns)
            """
        ).first
    }

    static func update(_ job: JobRow, in tx: borrowing Transaction) throws {
        let owner = owner(job.organization, tx)
        try tx.run(
            """
            UPDATE scrape_jobs SET
                state = \(job.state), end_reason = \(job.endReason), started_at = CAST(\(job.startedAt) AS BIGINT),
                ended_at = CAST(\(job.endedAt) AS BIGINT), updated_at = \(job.updatedAt),
                paused_at = CAST(\(job.pausedAt) AS BIGINT), rested = \(job.rested), lanes = \(job.lanes),
                next_page = \(job.nextPage), next_record = \(job.nextRecord),
                next_quarantined = \(job.nextQuarantined), queued = \(job.queued), fetched = \(job.fetched),
                extracted = \(job.extracted), failed = \(job.failed), left_out = \(job.leftOut), bytes = \(job.bytes),
                retries = \(job.retries), problems = \(job.problems.text)
            WHERE organization = \(owner) AND id = \(job.id)
            """)
    }

    static func delete(_ id: String, of organization: String, in tx: borrowing Transaction) throws {
        let owner = owner(organization, tx)
        try tx.run("DELETE FROM scrape_jobs WHERE organization = \(owner) AND id = \(id)")
    }

    /// The jobs after a place in the order of time, the newest first.
    static func jobs(
        of organization: String, scraper: String?, state: JobRow.State?, before place: ListPlace?, count: Int,
        in tx: borrowing Transaction
    ) throws -> [JobRow] {
        let owner = owner(organization, tx)
        let place = place ?? .end
        let scrapers: SQL = scraper.map { "AND scraper = \($0)" } ?? ""
        let states: SQL = state.map { "AND state = \($0)" } ?? ""
        return try tx.all(
            JobRow.self,
            """
            SELECT \(JobRow.columns) FROM scrape_jobs
            WHERE organization = \(owner)
                AND (created_at < \(place.time) OR (created_at = \(place.time) AND id < \(place.id)))
                \(scrapers) \(states)
            ORDER BY created_at DESC, id DESC LIMIT \(count)
            """)
    }

    /// Jobs that have not ended, of a scraper or of all, up to a number.
    static func activeCount(
        of organization: String, scraper: String?, upTo limit: Int, in tx: borrowing Transaction
    ) throws -> Int {
        let owner = owner(organization, tx)
        let scrapers: SQL = scraper.map { "AND scraper = \($0)" } ?? ""
        return try tx.values(
            String.self,
            """
            SELECT id FROM scrape_jobs
            WHERE organization = \(owner) AND state IN ('queued', 'running', 'paused') \(scrapers) LIMIT \(limit)
            """
        ).count
    }
}

/// Where a page of a list in the order of time and identifier ended.
struct ListPlace: Sendable, Hashable {
    let time: Int64
    let id: String

    /// Behind everything.
    static let end = ListPlace(time: .max, id: "")
}
