import Persistence

/// Jobs behind which something may lie that no row names: evidence of a turn that was never committed, and all that is left
/// of a job that was deleted.
///
/// A job that has ended names no further object, so that what is not named then never will be.
enum SweepStore {
    struct Due: RowDecodable, Sendable, Hashable {
        let organization: String
        let job: String
        /// When the job ended or was deleted, in microseconds.
        let since: Int64
        /// Whether the job was deleted, and has its rows still.
        let isRemoval: Bool

        init(row: Row) throws {
            (organization, job, since) = (try row["organization"], try row["job"], try row["since"])
            isRemoval = try row["removal"] as Int64 != 0
        }
    }

    /// - Parameter isRemoval: The job was deleted: its rows are to be removed, too, and at once.
    static func put(
        _ job: String, of organization: String, since time: Int64, isRemoval: Bool = false, in tx: borrowing Transaction
    ) throws {
        let owner = JobStore.owner(organization, tx)
        try tx.run(
            """
            INSERT INTO scrape_sweeps (organization, job, since, removal)
            VALUES (\(owner), \(job), \(time), \(isRemoval ? 1 : 0))
            ON CONFLICT (organization, job) DO UPDATE SET since = excluded.since, removal = excluded.removal
            """)
    }

    /// Removals, and jobs that ended or were removed before a time. In a system transaction.
    static func due(before time: Int64, count: Int, in tx: borrowing Transaction) throws -> [Due] {
        try tx.all(
            Due.self,
            """
            SELECT organization, job, since, removal FROM scrape_sweeps
            WHERE since <= \(time) OR removal = 1 ORDER BY since, job LIMIT \(count)
            """)
    }

    /// Takes one out as it was seen: what has been put since stays.
    static func take(_ due: Due, in tx: borrowing Transaction) throws {
        let owner = JobStore.owner(due.organization, tx)
        try tx.run(
            """
            DELETE FROM scrape_sweeps
            WHERE organization = \(owner) AND job = \(due.job) AND since = \(due.since)
                AND removal = \(due.isRemoval ? 1 : 0)
            """)
    }

    // MARK: What rows name

    private struct Named: RowDecodable {
        let number: Int64
        let pack: String
        init(row: Row) throws { (number, pack) = (try row["number"], try row["pack"]) }
    }

    /// Objects that pages of a job after a number name.
    ///
    /// - Returns: The last page's number as well; nil: there are no more.
    static func packs(
        of job: String, after number: Int64, count: Int, in tx: borrowing Transaction
    ) throws -> (packs: Set<String>, last: Int64?) {
        let rows = try tx.all(
            Named.self,
            """
            SELECT number, pack FROM scrape_pages
            WHERE organization = \(.organization) AND job = \(job) AND number > \(number) AND pack IS NOT NULL
            ORDER BY number LIMIT \(count)
            """)
        return (Set(rows.map(\.pack)), rows.last?.number)
    }

    // MARK: Rows of jobs that are gone

    /// Removes some of the rows that a job has left.
    ///
    /// - Returns: False if there were none any more.
    static func removeRows(of job: String, atMost count: Int, in tx: borrowing Transaction) throws -> Bool {
        var removed = 0
        for (table, key) in [
            ("scrape_records", "ordinal"), ("scrape_quarantine", "number"), ("scrape_pages", "number"),
            ("scrape_job_paths", "path"), ("scrape_job_hosts", "host"), ("scrape_lanes", "lane"),
        ] as [(SQL, SQL)] where removed < count {
            removed += try tx.run(
                """
                DELETE FROM \(table) WHERE organization = \(.organization) AND job = \(job) AND \(key) IN (
                    SELECT \(key) FROM \(table) WHERE organization = \(.organization) AND job = \(job)
                    ORDER BY \(key) LIMIT \(count - removed)
                )
                """)
        }
        return removed > 0
    }
}
