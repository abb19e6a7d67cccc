import Persistence

/// The tables of hosts, which all organizations share.
enum HostStore {
    private struct BudgetRow: RowDecodable {
        let budget: HostBudget
        init(row: Row) throws {
            budget = HostBudget(
                nextAt: try row["next_at"], penalty: try row["penalty"], crawlDelay: try row["crawl_delay"])
        }
    }

    /// A host's budget, which nobody else changes until the transaction ends.
    static func lock(_ host: String, in tx: borrowing Transaction) throws -> HostBudget {
        try tx.all(
            BudgetRow.self,
            """
            INSERT INTO scrape_hosts (host, next_at, penalty, crawl_delay) VALUES (\(host), 0, 0, 0)
            ON CONFLICT (host) DO UPDATE SET host = excluded.host RETURNING next_at, penalty, crawl_delay
            """
        ).first?.budget ?? HostBudget()
    }

    static func set(_ budget: HostBudget, of host: String, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            UPDATE scrape_hosts SET next_at = \(budget.nextAt), penalty = \(budget.penalty),
                crawl_delay = \(budget.crawlDelay)
            WHERE host = \(host)
            """)
    }

    /// Requests that others than a holder may have under way at a host.
    static func slots(at host: String, besides holder: String, now: Int64, in tx: borrowing Transaction) throws -> Int {
        try tx.value(
            Int.self,
            """
            SELECT CAST(COALESCE(SUM(slots), 0) AS BIGINT) FROM scrape_host_holders
            WHERE host = \(host) AND holder <> \(holder) AND until > \(now)
            """) ?? 0
    }

    static func hold(
        _ slots: Int, at host: String, by holder: String, until: Int64, in tx: borrowing Transaction
    ) throws {
        try tx.run(
            """
            INSERT INTO scrape_host_holders (host, holder, slots, until)
            VALUES (\(host), \(holder), \(slots), \(until))
            ON CONFLICT (host, holder) DO UPDATE SET slots = excluded.slots, until = excluded.until
            """)
    }

    /// Gives back the slots of a holder at all hosts but these: also what an earlier worker in its place has left.
    static func release(
        by holder: String, besides hosts: some Collection<String>, in tx: borrowing Transaction
    ) throws {
        let others: SQL = hosts.isEmpty ? "" : "AND host NOT IN (\(SQL.list(hosts.sorted())))"
        try tx.run("DELETE FROM scrape_host_holders WHERE holder = \(holder) \(others)")
    }

    /// Gives back the slots of all lanes of a job.
    static func release(byLanesOf job: String, in tx: borrowing Transaction) throws {
        let holders = (0..<OperatorTerms.mostLanes).map { "\(job)/\($0)" }
        try tx.run("DELETE FROM scrape_host_holders WHERE holder IN (\(SQL.list(holders)))")
    }

    /// Whether it is somebody else's turn at a host: one who waits, and was let in longer ago.
    static func isOthersTurn(at host: String, asker: String, now: Int64, in tx: borrowing Transaction) throws -> Bool {
        let served =
            try tx.value(
                Int64.self, "SELECT served_at FROM scrape_host_turns WHERE host = \(host) AND asker = \(asker)") ?? 0
        return try tx.value(
            String.self,
            """
            SELECT asker FROM scrape_host_turns
            WHERE host = \(host) AND asker <> \(asker) AND waits_until > \(now) AND served_at < \(served)
            LIMIT 1
            """) != nil
    }

    /// Notes that an asker was let in at a host, or waits there.
    ///
    /// - Parameter waitsUntil: Until when its waiting counts, should it not ask again; nil: it was let in.
    static func setTurn(
        at host: String, asker: String, now: Int64, waitsUntil: Int64?, in tx: borrowing Transaction
    ) throws {
        if let waitsUntil {
            try tx.run(
                """
                INSERT INTO scrape_host_turns (host, asker, served_at, waits_until)
                VALUES (\(host), \(asker), 0, \(waitsUntil))
                ON CONFLICT (host, asker) DO UPDATE SET waits_until = excluded.waits_until
                """)
        } else {
            try tx.run(
                """
                INSERT INTO scrape_host_turns (host, asker, served_at, waits_until)
                VALUES (\(host), \(asker), \(now), 0)
                ON CONFLICT (host, asker) DO UPDATE SET
                    served_at = excluded.served_at, waits_until = excluded.waits_until
                """)
        }
    }
}
