import Persistence

/// A checkpoint as the table has it.
struct KeptCheckpoint: Sendable, RowDecodable {
    let size: Int64
    let root: [UInt8]
    let text, keyID: String
    /// In microseconds since 1970.
    let signedAt: Int64

    static let columns: SQL = "size, root, text, key_id, signed_at"

    init(row: Row) throws {
        (size, root, text) = (try row["size"], try row["root"], try row["text"])
        (keyID, signedAt) = (try row["key_id"], try row["signed_at"])
    }

    /// Which log it is of, as the signed text says.
    var origin: String { String(text.prefix { $0 != "\n" }) }
}

/// The table of checkpoints that are kept of each log: one a size, and no more than a number of them.
enum CheckpointStore {
    static let migration = Migration(
        "compliance 003 audit checkpoints",
        up: [
            .sql(
                """
                CREATE TABLE audit_checkpoints (
                    organization TEXT NOT NULL,
                    size BIGINT NOT NULL,
                    root BYTEA NOT NULL,
                    text TEXT NOT NULL,
                    key_id TEXT NOT NULL,
                    signed_at BIGINT NOT NULL,
                    PRIMARY KEY (organization, size)
                )
                """),
            .isolate("audit_checkpoints"),
            .expose("audit_checkpoints", as: .readWrite),
        ],
        down: [.sql("DROP TABLE audit_checkpoints")])

    /// A log's name as the table of logs has it.
    private struct Name: RowDecodable {
        let organization: String

        init(row: Row) throws { organization = try row["organization"] }
    }

    /// Logs that have grown since their last checkpoint, which is from before a time, in the order of their names; of a
    /// system transaction.
    ///
    /// - Parameters:
    ///   - last: The log to go on behind; nil: from the first one.
    ///   - time: In microseconds since 1970.
    static func due(
        after last: LogName?, signedBefore time: Int64, count: Int, in tx: borrowing Transaction
    ) throws -> [LogName] {
        let behind: SQL = last.map { "audit_logs.organization > \($0.organization)" } ?? "1 = 1"
        let rows = try tx.all(
            Name.self,
            """
            SELECT audit_logs.organization AS organization FROM audit_logs
            WHERE \(behind) AND audit_logs.size > 0 AND NOT EXISTS (
                SELECT 1 FROM audit_checkpoints
                WHERE audit_checkpoints.organization = audit_logs.organization
                    AND (audit_checkpoints.size >= audit_logs.size OR audit_checkpoints.signed_at > \(time))
            )
            ORDER BY audit_logs.organization LIMIT \(count)
            """)
        return rows.map { LogName(organization: $0.organization) }
    }

    /// The newest checkpoint of a log.
    static func newest(_ log: LogName, in tx: borrowing Transaction) throws -> KeptCheckpoint? {
        try list(log, below: .max, count: 1, in: tx).first
    }

    /// Checkpoints of sizes below one, the newest first.
    static func list(
        _ log: LogName, below size: Int64, count: Int, in tx: borrowing Transaction
    ) throws -> [KeptCheckpoint] {
        try tx.all(
            KeptCheckpoint.self,
            """
            SELECT \(KeptCheckpoint.columns) FROM audit_checkpoints
            WHERE organization = \(try log.sql(in: tx)) AND size < \(size) ORDER BY size DESC LIMIT \(count)
            """)
    }

    /// The checkpoint of a size.
    static func checkpoint(
        _ log: LogName, size: Int64, in tx: borrowing Transaction
    ) throws -> KeptCheckpoint? {
        try tx.optional(
            KeptCheckpoint.self,
            """
            SELECT \(KeptCheckpoint.columns) FROM audit_checkpoints
            WHERE organization = \(try log.sql(in: tx)) AND size = \(size)
            """)
    }

    /// Keeps a checkpoint, and drops the oldest ones beyond a number.
    ///
    /// - Parameter time: In microseconds since 1970.
    static func keep(
        _ signed: SignedCheckpoint, by keyID: String, at time: Int64, atMost count: Int, _ log: LogName,
        in tx: borrowing Transaction
    ) throws {
        let owner = try log.sql(in: tx)
        try tx.run(
            """
            INSERT INTO audit_checkpoints (organization, size, root, text, key_id, signed_at)
            VALUES (\(owner), \(signed.size), \(signed.root), \(signed.text), \(keyID), \(time))
            """)
        try tx.run(
            """
            DELETE FROM audit_checkpoints WHERE organization = \(owner) AND size <= (
                SELECT size FROM audit_checkpoints WHERE organization = \(owner)
                ORDER BY size DESC LIMIT 1 OFFSET \(count)
            )
            """)
    }
}
