/// A named change of the schema, with the way back. What has been applied anywhere never changes: add another one.
public struct Migration: Sendable {
    public var name: String
    public var up: [MigrationStep]
    public var down: [MigrationStep]

    /// - Parameters:
    ///   - name: unique in its service; by custom a number and what it does: "003 notes have titles".
    ///   - down: undoes `up`, in the order to run.
    public init(_ name: String, up: [MigrationStep], down: [MigrationStep]) {
        self.name = name
        self.up = up
        self.down = down
    }

    /// All that the migration is, as its record keeps it.
    var definition: String {
        "up\n" + up.map(\.definition).joined(separator: "\n") + "\ndown\n"
            + down.map(\.definition).joined(separator: "\n")
    }
}

/// A part of a migration.
public struct MigrationStep: Sendable {
    /// What the runtime role may do with a table.
    public enum Access: String, Sendable {
        case readOnly, appendOnly, readWrite
    }

    private enum Content: Sendable {
        case sql(sqlite: String, postgres: String)
        case expose(table: String, Access)
        case isolate(table: String, column: String)
    }

    private let content: Content

    /// Statements that both stores understand, separated by semicolons. Types that do: `BIGINT`, `DOUBLE PRECISION`,
    /// `TEXT`, `BYTEA`, `BOOLEAN`.
    public static func sql(_ text: StaticString) -> MigrationStep {
        MigrationStep(content: .sql(sqlite: text.description, postgres: text.description))
    }

    /// Statements that differ; an empty text for a store on which there is nothing to do.
    public static func sql(sqlite: StaticString, postgres: StaticString) -> MigrationStep {
        MigrationStep(content: .sql(sqlite: sqlite.description, postgres: postgres.description))
    }

    /// Lets the runtime role use a table. On SQLite, where there are no roles, an append-only table refuses updates and
    /// deletions by triggers.
    public static func expose(_ table: StaticString, as access: Access) -> MigrationStep {
        MigrationStep(content: .expose(table: table.description, access))
    }

    /// Keeps scoped transactions to their organization's rows, whatever their statements say: by row-level security on
    /// PostgreSQL, for the table's owner too; on SQLite by triggers, for writes.
    public static func isolate(_ table: StaticString, column: StaticString = "organization") -> MigrationStep {
        MigrationStep(content: .isolate(table: table.description, column: column.description))
    }

    /// The step's text as it enters the history.
    var definition: String {
        switch content {
        case .sql(let sqlite, let postgres): sqlite == postgres ? sqlite : "sqlite: \(sqlite)\npostgres: \(postgres)"
        case .expose(let table, let access): "expose \(table) \(access.rawValue)"
        case .isolate(let table, let column): "isolate \(table) \(column)"
        }
    }

    func text(for kind: Store.Kind, runtimeRole: String?) -> String {
        switch (content, kind) {
        case (.sql(let text, _), .sqlite), (.sql(_, let text), .postgres): text
        case (.expose(let table, let access), .sqlite):
            access == .appendOnly ? IsolationSQL.appendOnlyTriggers(table) : ""
        case (.expose(let table, let access), .postgres):
            runtimeRole.map { IsolationSQL.grant(table, access, to: $0) } ?? ""
        case (.isolate(let table, let column), .sqlite): IsolationSQL.triggers(table, column)
        case (.isolate(let table, let column), .postgres): IsolationSQL.policy(table, column)
        }
    }
}
