import Persistence

/// A log's right edge, as its row has it.
struct LogHead: Sendable, RowDecodable {
    var frontier: MerkleFrontier
    /// When the last entry was taken, in microseconds since 1970.
    var loggedAt: Int64

    static let empty = LogHead()

    private init() { (frontier, loggedAt) = (MerkleFrontier(), .min) }

    init(row: Row) throws {
        guard let frontier = MerkleFrontier(size: try row["size"], bytes: try row["frontier"]) else {
            throw StoreError(.corrupt, "a log's frontier does not fit its size")
        }
        self.frontier = frontier
        loggedAt = try row["logged_at"]
    }

    /// The log as it is.
    static func read(_ log: LogName, in tx: borrowing Transaction) throws -> LogHead {
        try select(log, "", in: tx) ?? .empty
    }

    /// The log as it is, which nobody else changes until the transaction ends.
    static func lock(_ log: LogName, in tx: borrowing Transaction, _ kind: Store.Kind) throws -> LogHead {
        let lock: SQL = kind == .postgres ? " FOR UPDATE" : ""
        if let head = try select(log, lock, in: tx) { return head }
        let none: [UInt8] = []
        try tx.run(
            """
            INSERT INTO audit_logs (organization, size, frontier, logged_at)
            VALUES (\(try log.sql(in: tx)), 0, \(none), \(Int64.min)) ON CONFLICT (organization) DO NOTHING
            """)
        return try select(log, lock, in: tx) ?? .empty
    }

    func write(_ log: LogName, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            UPDATE audit_logs SET size = \(frontier.size), frontier = \(frontier.bytes), logged_at = \(loggedAt)
            WHERE organization = \(try log.sql(in: tx))
            """)
    }

    private static func select(_ log: LogName, _ lock: SQL, in tx: borrowing Transaction) throws -> LogHead? {
        try tx.optional(
            LogHead.self,
            "SELECT size, frontier, logged_at FROM audit_logs WHERE organization = \(try log.sql(in: tx))\(lock)")
    }
}
