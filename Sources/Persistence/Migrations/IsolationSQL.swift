/// The statements behind `MigrationStep.isolate` and `.expose`.
enum IsolationSQL {
    /// Without either setting a transaction sees nothing: forgetting is safe.
    static func policy(_ table: String, _ column: String) -> String {
        let (name, column) = (quote(table), quote(column))
        let condition = """
            current_setting('datavault.system', true) = 'on'
                OR \(column) = current_setting('datavault.organization', true)
            """
        return """
            ALTER TABLE \(name) ENABLE ROW LEVEL SECURITY;
            ALTER TABLE \(name) FORCE ROW LEVEL SECURITY;
            CREATE POLICY organization ON \(name) USING (\(condition)) WITH CHECK (\(condition))
            """
    }

    static func grant(_ table: String, _ access: MigrationStep.Access, to role: String) -> String {
        let privileges =
            switch access {
            case .readOnly: "SELECT"
            case .appendOnly: "SELECT, INSERT"
            case .readWrite: "SELECT, INSERT, UPDATE, DELETE"
            }
        return "GRANT \(privileges) ON \(quote(table)) TO \(quote(role))"
    }

    /// As row-level security does: a foreign row cannot be made, and is as if absent for changes and deletions.
    static func triggers(_ table: String, _ column: String) -> String {
        let (column, current) = (quote(column), "datavault_organization()")
        func foreign(_ row: String) -> String {
            "\(current) IS NOT NULL AND \(row).\(column) IS NOT \(current)"
        }
        let deny = "SELECT RAISE(ABORT, '\(SQLiteErrors.denial)the row would belong to another organization')"
        return [
            trigger(table, "organization_insert", "INSERT", when: foreign("NEW"), deny),
            trigger(table, "organization_update", "UPDATE", when: foreign("OLD"), "SELECT RAISE(IGNORE)"),
            trigger(
                table, "organization_move", "UPDATE",
                when: "\(foreign("NEW")) AND OLD.\(column) IS \(current)", deny),
            trigger(table, "organization_delete", "DELETE", when: foreign("OLD"), "SELECT RAISE(IGNORE)"),
        ].joined(separator: ";\n")
    }

    static func appendOnlyTriggers(_ table: String) -> String {
        let deny = "SELECT RAISE(ABORT, '\(SQLiteErrors.denial)rows of \(table) never change')"
        return ["UPDATE", "DELETE"]
            .map { trigger(table, "append_only_\($0.lowercased())", $0, when: "TRUE", deny) }
            .joined(separator: ";\n")
    }

    private static func trigger(
        _ table: String, _ name: String, _ event: String, when condition: String, _ action: String
    ) -> String {
        """
        CREATE TRIGGER \(quote("\(table)_\(name)")) BEFORE \(event) ON \(quote(table)) WHEN \(condition)
        BEGIN \(action); END
        """
    }

    static func quote(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
}
