import Foundation

/// The table of applied migrations.
enum MigrationHistory {
    struct Entry: Sendable {
        var position: Int
        var name: String
        var definition: String
    }

    static func read(_ connection: any Connection, _ kind: Store.Kind) throws -> [Entry] {
        let exists =
            switch kind {
            case .sqlite:
                "SELECT count(*) AS n FROM sqlite_master WHERE type = 'table' AND name = 'datavault_migrations'"
            case .postgres:
                "SELECT count(*) AS n FROM pg_catalog.pg_class WHERE oid = to_regclass('datavault_migrations')"
            }
        guard let count = try connection.rows(PreparedSQL(unchecked: exists), maximum: 1).first,
            try count["n"] as Int > 0
        else { return [] }
        let all = PreparedSQL(
            unchecked: "SELECT position, name, definition FROM datavault_migrations ORDER BY position")
        return try connection.rows(all, maximum: 100_000).map {
            Entry(position: try $0["position"], name: try $0["name"], definition: try $0["definition"])
        }
    }

    static func create(_ connection: any Connection, _ kind: Store.Kind, runtimeRole: String?) throws(StoreError) {
        try connection.script(
            """
            CREATE TABLE IF NOT EXISTS datavault_migrations (
                position BIGINT NOT NULL PRIMARY KEY,
                name TEXT NOT NULL,
                definition TEXT NOT NULL,
                applied_at BIGINT NOT NULL
            )
            """)
        if kind == .postgres, let runtimeRole {
            try connection.script(IsolationSQL.grant("datavault_migrations", .readOnly, to: runtimeRole))
        }
    }

    static func record(
        _ migration: Migration, _ position: Int, isUp: Bool, _ connection: any Connection
    ) throws(StoreError) {
        let key = Int64(position)
        guard isUp else {
            let delete = "DELETE FROM datavault_migrations WHERE position = $1"
            _ = try connection.run(PreparedSQL(unchecked: delete, values: [.integer(key)]))
            return
        }
        let insert =
            "INSERT INTO datavault_migrations (position, name, definition, applied_at) VALUES ($1, $2, $3, $4)"
        let values: [SQLValue] = [.integer(key), .text(migration.name), .text(migration.definition), Date().sqlValue]
        _ = try connection.run(PreparedSQL(unchecked: insert, values: values))
    }
}
