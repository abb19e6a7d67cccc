import Persistence

extension StoredFile: RowDecodable {
    static let columns: SQL = "id, display_name, format, csv, size, digest, columns, part_size, created_at"

    init(row: Row) throws {
        let format: String = try row["format"]
        self.init(
            id: try row["id"], displayName: try row["display_name"], format: RowFormat(rawValue: format) ?? .csv,
            csv: try JSONText.decode(CSVChoices.self, try row["csv"]), size: try row["size"],
            digest: try row["digest"], schema: try ColumnsText.schema(try row["columns"]),
            partSize: try row["part_size"], createdAt: try row["created_at"])
    }
}

/// The table of uploaded files.
enum FileStore {
    static func insert(_ new: StoredFile, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO files (
                organization, id, display_name, format, csv, size, digest, columns, part_size, created_at
            ) VALUES (
                \(.organization), \(new.id), \(new.displayName), \(new.format.rawValue), \(JSONText.encode(new.csv)),
                \(new.size), \(new.digest), \(ColumnsText.text(new.schema)), \(new.partSize), \(new.createdAt)
            )
            """)
    }

    static func file(_ id: String, in tx: borrowing Transaction) throws -> StoredFile? {
        try tx.optional(
            StoredFile.self,
            "SELECT \(StoredFile.columns) FROM files WHERE organization = \(.organization) AND id = \(id)")
    }

    static func count(in tx: borrowing Transaction) throws -> Int {
        try tx.value(Int.self, "SELECT COUNT(*) FROM files WHERE organization = \(.organization)") ?? 0
    }

    /// The files after a place, the newest first.
    static func files(after place: TimePlace, count: Int, in tx: borrowing Transaction) throws -> [StoredFile] {
        try tx.all(
            StoredFile.self,
            """
            SELECT \(StoredFile.columns) FROM files
            WHERE organization = \(.organization)
                AND (created_at < \(place.time) OR (created_at = \(place.time) AND id < \(place.id)))
            ORDER BY created_at DESC, id DESC LIMIT \(count)
            """)
    }

    static func delete(_ id: String, in tx: borrowing Transaction) throws {
        try tx.run("DELETE FROM files WHERE organization = \(.organization) AND id = \(id)")
    }
}
