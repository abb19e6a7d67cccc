import Persistence

extension Pipeline: RowDecodable {
    static let columns: SQL = "id, display_name, definition, created_at, updated_at, version"

    init(row: Row) throws {
        try self.init(
            kept: try row["definition"], id: try row["id"], displayName: try row["display_name"],
            createdAt: try row["created_at"], updatedAt: try row["updated_at"], version: try row["version"])
    }
}

/// The table of pipelines.
enum PipelineStore {
    static func insert(_ new: Pipeline, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO pipelines (organization, id, display_name, definition, created_at, updated_at, version)
            VALUES (
                \(.organization), \(new.id), \(new.displayName), \(try new.kept()), \(new.createdAt), \(new.updatedAt),
                \(new.version)
            )
            """)
    }

    static func pipeline(_ id: String, in tx: borrowing Transaction) throws -> Pipeline? {
        try tx.optional(
            Pipeline.self,
            "SELECT \(Pipeline.columns) FROM pipelines WHERE organization = \(.organization) AND id = \(id)")
    }

    static func count(in tx: borrowing Transaction) throws -> Int {
        try tx.value(Int.self, "SELECT COUNT(*) FROM pipelines WHERE organization = \(.organization)") ?? 0
    }

    /// The pipelines after a place, the newest first.
    static func pipelines(after place: TimePlace, count: Int, in tx: borrowing Transaction) throws -> [Pipeline] {
        try tx.all(
            Pipeline.self,
            """
            SELECT \(Pipeline.columns) FROM pipelines
            WHERE organization = \(.organization)
                AND (created_at < \(place.time) OR (created_at = \(place.time) AND id < \(place.id)))
            ORDER BY created_at DESC, id DESC LIMIT \(count)
            """)
    }

    static func update(_ changed: Pipeline, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            UPDATE pipelines SET display_name = \(changed.displayName), definition = \(try changed.kept()),
                updated_at = \(changed.updatedAt), version = \(changed.version)
            WHERE organization = \(.organization) AND id = \(changed.id)
            """)
    }

    static func delete(_ id: String, in tx: borrowing Transaction) throws {
        try tx.run("DELETE FROM pipelines WHERE organization = \(.organization) AND id = \(id)")
    }
}
