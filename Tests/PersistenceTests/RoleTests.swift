import Foundation
import StoreTesting
import Testing

@testable import Persistence

/// PostgreSQL's roles: one owns and migrates, another serves, and row-level security binds both.
@Suite struct RoleTests {
    private static let migrations =
        Note.migrations + [
            Migration(
                "002 log",
                up: [
                    .sql("CREATE TABLE log (organization TEXT NOT NULL, entry TEXT NOT NULL)"), .isolate("log"),
                    .expose("log", as: .appendOnly),
                ],
                down: [.sql("DROP TABLE log")])
        ]

    private static func withRoles(_ body: (_ owner: Store, _ runtime: Store) async throws -> Void) async throws {
        let server = try PostgresServer.shared.get()
        let address = try await server.makeDatabase()
        let database = String(address.split(separator: "/").last ?? "")
        let password = String(address.split(separator: ":")[2].split(separator: "@")[0])
        let (ownerRole, runtimeRole) = ("\(database)_owner", "\(database)_runtime")
        try await server.execute("CREATE ROLE \(ownerRole) LOGIN PASSWORD '\(password)'")
        try await server.execute("CREATE ROLE \(runtimeRole) LOGIN PASSWORD '\(password)'")
        try await server.execute("ALTER DATABASE \(database) OWNER TO \(ownerRole)")
        let owner = try Store(.postgres(server.address(database: database, user: ownerRole)))
        let runtime = try Store(.postgres(server.address(database: database, user: runtimeRole)))
        try await Migrator(migrations, runtimeRole: runtimeRole).migrate(owner)
        try await Migrator(migrations).verify(runtime)
        try await body(owner, runtime)
        await owner.close()
        await runtime.close()
    }

    @Test func rowsOfOthersAreHiddenWhateverTheStatement() async throws {
        try await Self.withRoles { owner, runtime in
            try await runtime.scoped(acme).write { try $0.add("a") }
            // The owner too: a forgotten filter shows nothing, neither to the one nor to the other.
            for store in [runtime, owner] {
                let ids = try await store.scoped(globex).read {
                    try $0.values(String.self, "SELECT id FROM notes WHERE organization <> \(.organization)")
                }
                #expect(ids == [])
                let changed = try await store.scoped(globex).write {
                    try $0.run("UPDATE notes SET stars = 9 WHERE organization <> \(.organization)")
                        + $0.run("DELETE FROM notes WHERE organization <> \(.organization)")
                }
                #expect(changed == 0)
                let insert = await failure {
                    try await store.scoped(globex).write {
                        try $0.run(
                            """
                            INSERT INTO notes (organization, id, body, stars) SELECT 'acme', 'b', \(.organization), 0
                            """)
                    }
                }
                #expect(insert?.reason == .denied)
                let move = await failure {
                    try await store.scoped(acme).write {
                        try $0.run("UPDATE notes SET organization = 'globex' WHERE organization = \(.organization)")
                    }
                }
                #expect(move?.reason == .denied)
            }
            #expect(try await runtime.ids() == ["a"])
        }
    }

    /// The organization ends with its transaction, and a connection without one shows nothing.
    @Test func nothingLeaksToTheNextTransaction() async throws {
        try await Self.withRoles { _, runtime in
            try await runtime.scoped(acme).write { try $0.add("a") }
            _ = try await runtime.scoped(acme).read { try $0.note("a") }
            let bare = try await runtime.engine.exclusive {
                try $0.rows(PreparedSQL(unchecked: "SELECT id FROM notes"), maximum: 10).count
            }
            #expect(bare == 0)
        }
    }

    @Test func theRuntimeRoleCanNeitherMigrateNorRewriteTheLog() async throws {
        try await Self.withRoles { _, runtime in
            for statement: SQL in [
                "CREATE TABLE mine (id BIGINT)", "DROP TABLE notes", "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
                "TRUNCATE notes", "DELETE FROM log", "UPDATE log SET entry = ''", "DELETE FROM datavault_migrations",
            ] {
                let error = await failure { try await runtime.system(.test).write { try $0.run(statement) } }
                #expect(error?.reason == .denied, "\(statement.text): \(String(describing: error))")
            }
            try await runtime.scoped(acme).write {
                try $0.run("INSERT INTO log (organization, entry) VALUES (\(.organization), 'x')")
            }
        }
    }

    @Test func sqliteKeepsItsLogByTriggers() async throws {
        try await withStore(.sqlite, migrated: false) { store in
            try await Migrator(Self.migrations).migrate(store)
            try await store.scoped(acme).write {
                try $0.run("INSERT INTO log (organization, entry) VALUES (\(.organization), 'x')")
            }
            for statement: SQL in ["DELETE FROM log", "UPDATE log SET entry = ''"] {
                let error = await failure { try await store.system(.test).write { try $0.run(statement) } }
                #expect(error?.reason == .denied)
            }
        }
    }
}
