import Persistence

/// The table of robots.txt, which all workers share.
enum RobotsStore {
    private struct Row: RowDecodable {
        let outcome: RobotsAnswer.Outcome
        let body: [UInt8]?
        let fetchedAt: Int64
        let expiresAt: Int64
        init(row: Persistence.Row) throws {
            (outcome, body) = (try row["outcome"], try row["body"])
            (fetchedAt, expiresAt) = (try row["fetched_at"], try row["expires_at"])
        }
    }

    /// What is known of an origin and has not expired.
    static func answer(of origin: String, now: Int64, in tx: borrowing Transaction) throws -> RobotsAnswer? {
        let row = try tx.optional(
            Row.self,
            """
            SELECT outcome, body, fetched_at, expires_at FROM scrape_robots
            WHERE origin = \(origin) AND expires_at > \(now)
            """)
        return row.map { row in
            RobotsAnswer(
                outcome: row.outcome, file: row.body.map { RobotsFile($0, agent: RobotsKeeper.agent) } ?? RobotsFile(),
                fetchedAt: row.fetchedAt, expiresAt: row.expiresAt)
        }
    }

    static func keep(
        _ answer: RobotsAnswer, _ body: [UInt8]?, of origin: String, in tx: borrowing Transaction
    ) throws {
        try tx.run(
            """
            INSERT INTO scrape_robots (origin, outcome, body, fetched_at, expires_at)
            VALUES (\(origin), \(answer.outcome), \(body), \(answer.fetchedAt), \(answer.expiresAt))
            ON CONFLICT (origin) DO UPDATE SET outcome = excluded.outcome, body = excluded.body,
                fetched_at = excluded.fetched_at, expires_at = excluded.expires_at
            """)
    }

    // MARK: Sweeping

    /// Removes what has expired.
    ///
    /// - Returns: How many rows were removed.
    static func removeExpired(now: Int64, atMost batch: Int, in tx: borrowing Transaction) throws -> Int {
        try tx.run(
            """
            DELETE FROM scrape_robots WHERE origin IN (
                SELECT origin FROM scrape_robots WHERE expires_at <= \(now) ORDER BY expires_at LIMIT \(batch)
            )
            """)
    }

    private struct Size: RowDecodable {
        let origin: String
        let bytes: Int64
        init(row: Persistence.Row) throws { (origin, bytes) = (try row["origin"], try row["bytes"]) }
    }

    /// Removes those that expire soonest, while there are too many or they take too much.
    ///
    /// - Returns: How many rows were removed.
    static func removeExcess(
        over bytes: Int64, rows: Int64, atMost batch: Int, in tx: borrowing Transaction
    ) throws -> Int {
        var taken =
            try tx.value(
                Int64.self, "SELECT CAST(COALESCE(SUM(LENGTH(body)), 0) AS BIGINT) FROM scrape_robots") ?? 0
        var count = try tx.value(Int64.self, "SELECT COUNT(*) FROM scrape_robots") ?? 0
        guard taken > bytes || count > rows else { return 0 }
        let soonest = try tx.all(
            Size.self,
            """
            SELECT origin, CAST(COALESCE(LENGTH(body), 0) AS BIGINT) AS bytes FROM scrape_robots
            ORDER BY expires_at, origin LIMIT \(batch)
            """)
        var gone: [String] = []
        for row in soonest where taken > bytes || count > rows {
            gone.append(row.origin)
            taken -= row.bytes
            count -= 1
        }
        return try tx.run("DELETE FROM scrape_robots WHERE origin IN (\(SQL.list(gone)))")
    }
}
