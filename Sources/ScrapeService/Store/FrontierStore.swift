import Persistence

/// The pages of jobs: those that wait, those that are known, and what became of them. In workers' system transactions.
enum FrontierStore {
    /// Rows of one statement.
    private static let chunk = 64

    /// Puts pages in line that the job does not know yet.
    ///
    /// - Parameter number: The first one's number; the others' follow.
    /// - Returns: The numbers of those that were new.
    static func insert(
        _ pages: [FoundPage], numberedFrom number: Int64, organization: String, job: String,
        in tx: borrowing Transaction
    ) throws -> Set<Int64> {
        let owner = JobStore.owner(organization, tx)
        var inserted: Set<Int64> = []
        var start = 0
        while start < pages.count {
            let end = min(start + chunk, pages.count)
            let rows = (start..<end).map { index -> SQL in
                let page = pages[index]
                let state = page.problem == nil ? PageStatus.queued : .leftOut
                return """
                    (\(owner), \(job), \(number + Int64(index)), \(page.url.text), \(page.key.bytes), \(page.url.host),
                    \(page.kind.rawValue), \(page.depth), \(page.hops), CAST(\(page.referrer) AS BIGINT),
                    \(state.rawValue), 0, 0, \(page.problem?.rawValue ?? 0), \(page.robots.rawValue),
                    \(page.detail))
                    """
            }
            inserted.formUnion(
                try tx.values(
                    Int64.self,
                    """
                    INSERT INTO scrape_pages (
                        organization, job, number, url, url_key, host, kind, depth, hops, referrer, state, due_at,
                        attempts, problem, robots, detail
                    ) VALUES \(SQL.joined(rows, separator: ", "))
                    ON CONFLICT (organization, job, url_key) DO NOTHING RETURNING number
                    """))
            start = end
        }
        return inserted
    }

    /// Writes down what became of a page that still waits.
    ///
    /// - Returns: False if it does not wait any more: somebody else has written that already.
    static func finish(
        _ result: PageResult, organization: String, job: String, in tx: borrowing Transaction
    ) throws -> Bool {
        let owner = JobStore.owner(organization, tx)
        let attempts = result.page.attempts + (result.wasAsked || result.status == .queued ? 1 : 0)
        return try tx.run(
            """
            UPDATE scrape_pages SET
                state = \(result.status.rawValue), due_at = \(result.dueAt), attempts = \(attempts),
                problem = \(result.problem?.rawValue ?? 0), detail = \(result.detail), robots = \(result.robots.rawValue),
                status = CAST(\(result.httpStatus) AS BIGINT), fetched_at = CAST(\(result.fetchedAt) AS BIGINT),
                duration = CAST(\(result.duration) AS BIGINT), content_type = \(result.contentType),
                charset = \(result.charset), size = CAST(\(result.size) AS BIGINT),
                content_hash = \(result.contentHash), records = \(result.records.count),
                quarantined = \(result.quarantined.count), final_url = \(result.finalURL),
                canonical_url = \(result.canonicalURL), truncated_by = \(result.truncatedBy),
                pack = \(result.pack?.name), pack_offset = CAST(\(result.pack?.offset) AS BIGINT),
                pack_size = CAST(\(result.pack?.size) AS BIGINT)
            WHERE organization = \(owner) AND job = \(job) AND number = \(result.page.number) AND state = 0
            """) == 1
    }

    private struct Waiting: RowDecodable {
        let page: ClaimedPage
        init(row: Row) throws {
            page = ClaimedPage(
                number: try row["number"], url: try row["url"], host: try row["host"],
                kind: ClaimedPage.Kind(rawValue: try row["kind"]) ?? .page, depth: try row["depth"],
                hops: try row["hops"], attempts: try row["attempts"])
        }
    }

    /// Pages of a host that wait and are due, in the order of their being found, those of failed attempts last.
    static func waiting(
        at host: String, organization: String, job: String, now: Int64, count: Int, in tx: borrowing Transaction
    ) throws -> [ClaimedPage] {
        let owner = JobStore.owner(organization, tx)
        return try tx.all(
            Waiting.self,
            """
            SELECT number, url, host, kind, depth, hops, attempts FROM scrape_pages
            WHERE organization = \(owner) AND job = \(job) AND host = \(host) AND state = 0 AND due_at <= \(now)
            ORDER BY due_at, number LIMIT \(count)
            """
        ).map(\.page)
    }

    /// When the first page of a host that waits is due; nil if none waits.
    static func nextDue(
        at host: String, organization: String, job: String, in tx: borrowing Transaction
    ) throws -> Int64? {
        let owner = JobStore.owner(organization, tx)
        return try tx.value(
            Int64.self,
            """
            SELECT due_at FROM scrape_pages
            WHERE organization = \(owner) AND job = \(job) AND host = \(host) AND state = 0
            ORDER BY due_at, number LIMIT 1
            """)
    }

    /// Which of these contents pages of the job have already.
    static func known(
        contents: [[UInt8]], organization: String, job: String, in tx: borrowing Transaction
    ) throws -> Set<[UInt8]> {
        if contents.isEmpty { return [] }
        let owner = JobStore.owner(organization, tx)
        return Set(
            try tx.values(
                [UInt8].self,
                """
                SELECT content_hash FROM scrape_pages
                WHERE organization = \(owner) AND job = \(job) AND state = 2
                    AND content_hash IN (\(SQL.list(contents)))
                """))
    }

    // MARK: Hosts of a job

    struct JobHost: RowDecodable, Sendable {
        let host: String
        var queued: Int64
        var pages: Int64
        init(row: Row) throws { (host, queued, pages) = (try row["host"], try row["queued"], try row["pages"]) }
    }

    static func hosts(
        named hosts: some Collection<String>, organization: String, job: String, in tx: borrowing Transaction
    ) throws -> [JobHost] {
        if hosts.isEmpty { return [] }
        let owner = JobStore.owner(organization, tx)
        return try tx.all(
            JobHost.self,
            """
            SELECT host, queued, pages FROM scrape_job_hosts
            WHERE organization = \(owner) AND job = \(job) AND host IN (\(SQL.list(Array(hosts))))
            """)
    }

    /// Counts pages of hosts: how many more wait, and how many more are known.
    static func count(
        _ changes: [String: (queued: Int64, pages: Int64)], organization: String, job: String,
        in tx: borrowing Transaction
    ) throws {
        let owner = JobStore.owner(organization, tx)
        for (host, change) in changes.sorted(by: { $0.key < $1.key }) where change != (0, 0) {
            try tx.run(
                """
                INSERT INTO scrape_job_hosts (organization, job, host, queued, pages)
                VALUES (\(owner), \(job), \(host), \(change.queued), \(change.pages))
                ON CONFLICT (organization, job, host) DO UPDATE SET
                    queued = scrape_job_hosts.queued + excluded.queued, pages = scrape_job_hosts.pages + excluded.pages
                """)
        }
    }

    /// Hosts at which pages of a job wait, those first that may be asked first.
    static func openHosts(
        organization: String, job: String, count: Int, in tx: borrowing Transaction
    ) throws -> [String] {
        let owner = JobStore.owner(organization, tx)
        return try tx.values(
            String.self,
            """
            SELECT scrape_job_hosts.host FROM scrape_job_hosts
            LEFT JOIN scrape_hosts ON scrape_hosts.host = scrape_job_hosts.host
            WHERE scrape_job_hosts.organization = \(owner) AND scrape_job_hosts.job = \(job)
                AND scrape_job_hosts.queued > 0
            ORDER BY COALESCE(scrape_hosts.next_at, 0), scrape_job_hosts.host LIMIT \(count)
            """)
    }

    // MARK: Paths with queries

    private struct PathCount: RowDecodable {
        let path: [UInt8]
        let pages: Int64
        init(row: Row) throws { (path, pages) = (try row["path"], try row["pages"]) }
    }

    static func pathCounts(
        _ paths: Set<PageKey>, organization: String, job: String, in tx: borrowing Transaction
    ) throws -> [[UInt8]: Int64] {
        if paths.isEmpty { return [:] }
        let owner = JobStore.owner(organization, tx)
        let rows = try tx.all(
            PathCount.self,
            """
            SELECT path, pages FROM scrape_job_paths
            WHERE organization = \(owner) AND job = \(job) AND path IN (\(SQL.list(paths.map(\.bytes))))
            """)
        return Dictionary(rows.map { ($0.path, $0.pages) }, uniquingKeysWith: { $1 })
    }

    static func countPaths(
        _ changes: [PageKey: Int64], organization: String, job: String, in tx: borrowing Transaction
    ) throws {
        let owner = JobStore.owner(organization, tx)
        for (path, pages) in changes {
            try tx.run(
                """
                INSERT INTO scrape_job_paths (organization, job, path, pages)
                VALUES (\(owner), \(job), \(path.bytes), \(pages))
                ON CONFLICT (organization, job, path) DO UPDATE SET pages = scrape_job_paths.pages + excluded.pages
                """)
        }
    }

    // MARK: Lanes

    /// The pages in each lane's hand.
    static func lanes(organization: String, job: String, in tx: borrowing Transaction) throws -> [Int64: [Int64]] {
        let owner = JobStore.owner(organization, tx)
        let rows = try tx.all(
            Lane.self,
            "SELECT lane, pages FROM scrape_lanes WHERE organization = \(owner) AND job = \(job)")
        return Dictionary(rows.map { ($0.lane, PageNumbers.unpacked($0.pages)) }, uniquingKeysWith: { $1 })
    }

    private struct Lane: RowDecodable {
        let lane: Int64
        let pages: [UInt8]
        init(row: Row) throws { (lane, pages) = (try row["lane"], try row["pages"]) }
    }

    static func setLane(
        _ lane: Int64, _ pages: [Int64], organization: String, job: String, in tx: borrowing Transaction
    ) throws {
        let owner = JobStore.owner(organization, tx)
        try tx.run(
            """
            INSERT INTO scrape_lanes (organization, job, lane, pages)
            VALUES (\(owner), \(job), \(lane), \(PageNumbers.packed(pages)))
            ON CONFLICT (organization, job, lane) DO UPDATE SET pages = excluded.pages
            """)
    }
}
