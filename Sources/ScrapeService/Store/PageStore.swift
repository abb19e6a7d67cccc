import Persistence

/// A page as the table has it, for those who ask what became of it.
struct PageRow: RowDecodable, Sendable {
    let number: Int64
    let url: String
    let referrerURL: String?
    let depth: Int32
    let state: PageStatus
    let attempts: Int32
    let problem: Problem?
    let detail: String?
    let robots: RobotsVerdict
    let status: Int32?
    let fetchedAt: Int64?
    let duration: Int64?
    let contentType: String?
    let charset: String?
    let size: Int64?
    let contentHash: [UInt8]?
    let records: Int32?
    let quarantined: Int32?
    let finalURL: String?
    let canonicalURL: String?
    let truncatedBy: String?
    let pack: String?
    let packOffset: Int?
    let packSize: Int?

    init(row: Row) throws {
        (number, url, referrerURL) = (try row["number"], try row["url"], try row["referrer_url"])
        (depth, attempts) = (try row["depth"], try row["attempts"])
        (state, problem) = (PageStatus(rawValue: try row["state"]) ?? .queued, Problem(rawValue: try row["problem"]))
        (detail, robots) = (try row["detail"], RobotsVerdict(rawValue: try row["robots"]) ?? .notAsked)
        (status, fetchedAt, duration) = (try row["status"], try row["fetched_at"], try row["duration"])
        (contentType, charset, size) = (try row["content_type"], try row["charset"], try row["size"])
        (contentHash, records) = (try row["content_hash"], try row["records"])
        (quarantined, finalURL) = (try row["quarantined"], try row["final_url"])
        (canonicalURL, truncatedBy) = (try row["canonical_url"], try row["truncated_by"])
        (pack, packOffset, packSize) = (try row["pack"], try row["pack_offset"], try row["pack_size"])
    }
}

/// Reads the table of pages for callers.
enum PageStore {
    private static let columns: SQL = """
        page.number AS number, page.url AS url, source.url AS referrer_url, page.depth AS depth, page.state AS state,
        page.attempts AS attempts, page.problem AS problem, page.detail AS detail, page.robots AS robots,
        page.status AS status, page.fetched_at AS fetched_at, page.duration AS duration,
        page.content_type AS content_type, page.charset AS charset, page.size AS size,
        page.content_hash AS content_hash, page.records AS records, page.quarantined AS quarantined,
        page.final_url AS final_url, page.canonical_url AS canonical_url, page.truncated_by AS truncated_by,
        page.pack AS pack, page.pack_offset AS pack_offset, page.pack_size AS pack_size
        """

    private static let tables: SQL = """
        scrape_pages AS page LEFT JOIN scrape_pages AS source
            ON source.organization = page.organization AND source.job = page.job AND source.number = page.referrer
        """

    /// Pages after a number, in their order.
    static func pages(
        of job: String, _ filter: PageFilter, after number: Int64, count: Int, in tx: borrowing Transaction
    ) throws -> [PageRow] {
        try tx.all(
            PageRow.self,
            """
            SELECT \(columns) FROM \(tables)
            WHERE page.organization = \(.organization) AND page.job = \(job) AND page.number > \(number)
                AND \(filter.condition)
            ORDER BY page.number LIMIT \(count)
            """)
    }

    static func page(_ number: Int64, of job: String, in tx: borrowing Transaction) throws -> PageRow? {
        try tx.optional(
            PageRow.self,
            """
            SELECT \(columns) FROM \(tables)
            WHERE page.organization = \(.organization) AND page.job = \(job) AND page.number = \(number)
            """)
    }
}
