import Persistence

extension SystemReason {
    static let sweepObjects = SystemReason("remove objects that no row names")
}

/// Places in object storage where something may lie that no row names, each with the time from which on that is certain.
///
/// Who is about to write objects puts their prefix here first, in a transaction of its own, and takes it out in the
/// transaction that names them. Who deletes rows puts it here in the same transaction.
enum SweepStore {
    struct Due: RowDecodable, Sendable, Hashable {
        let organization: String
        let prefix: String

        init(row: Row) throws { (organization, prefix) = (try row["organization"], try row["prefix"]) }
    }

    static func put(_ prefix: String, due: Int64, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO object_sweeps (organization, prefix, due_at) VALUES (\(.organization), \(prefix), \(due))
            ON CONFLICT (organization, prefix) DO UPDATE SET due_at = excluded.due_at
            """)
    }

    /// - Returns: Whether it was there: if not, what it stood for may be swept already.
    static func take(_ prefix: String, in tx: borrowing Transaction) throws -> Bool {
        try tx.run(
            "DELETE FROM object_sweeps WHERE organization = \(.organization) AND prefix = \(prefix)") == 1
    }

    /// The prefixes whose time has come. In a system transaction.
    static func due(at now: Int64, count: Int, in tx: borrowing Transaction) throws -> [Due] {
        try tx.all(
            Due.self,
            "SELECT organization, prefix FROM object_sweeps WHERE due_at <= \(now) ORDER BY due_at LIMIT \(count)")
    }

    /// Those of these objects that a row names.
    static func named(_ objects: [String], in tx: borrowing Transaction) throws -> Set<String> {
        guard !objects.isEmpty else { return [] }
        let segments = try tx.values(
            String.self,
            "SELECT object FROM segments WHERE organization = \(.organization) AND object IN (\(SQL.list(objects)))")
        return Set(segments)
    }
}
