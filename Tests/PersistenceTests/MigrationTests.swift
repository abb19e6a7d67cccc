import Foundation
import Testing

@testable import Persistence

@Suite struct MigrationTests {
    private static func migration(_ number: Int) -> Migration {
        switch number {
        case 1: Migration("1", up: [.sql("CREATE TABLE one (id BIGINT)")], down: [.sql("DROP TABLE one")])
        case 2:
            Migration(
                "2",
                up: [
                    .sql("CREATE TABLE two (id BIGINT); INSERT INTO two (id) VALUES (7)"),
                    .sql(sqlite: "", postgres: "COMMENT ON TABLE two IS 'of PostgreSQL alone'"),
                ],
                down: [.sql("DROP TABLE two")])
        default:
            Migration(
                "3", up: [.sql("ALTER TABLE two ADD COLUMN more TEXT")],
                down: [
                    .sql("ALTER TABLE two DROP COLUMN more")
                ])
        }
    }

    private static let three = (1...3).map(migration)

    @Test(arguments: stores) func goesForwardAndBack(_ kind: Store.Kind) async throws {
        try await withStore(kind, migrated: false) { store in
            let migrator = try Migrator(Self.three)
            #expect(try await migrator.status(of: store).pending == ["1", "2", "3"])
            let behind = await failure { try await migrator.verify(store) }
            #expect(behind?.reason == .schema)
            #expect(try await migrator.migrate(store, upTo: "2") == ["1", "2"])
            #expect(try await migrator.migrate(store) == ["3"])
            #expect(try await migrator.migrate(store).isEmpty)
            try await migrator.verify(store)
            #expect(try await store.system(.test).read { try $0.values(Int.self, "SELECT id FROM two") } == [7])
            #expect(try await migrator.rollBack(store, to: "1") == ["3", "2"])
            #expect(try await migrator.status(of: store).applied == ["1"])
            #expect(try await migrator.rollBack(store, to: nil) == ["1"])
            #expect(try await migrator.migrate(store) == ["1", "2", "3"])
        }
    }

    @Test(arguments: stores) func refusesNewerStores(_ kind: Store.Kind) async throws {
        try await withStore(kind, migrated: false) { store in
            try await Migrator(Self.three).migrate(store)
            let older = try Migrator(Array(Self.three.prefix(2)))
            for attempt in [
                await failure { try await older.migrate(store) }, await failure { try await older.verify(store) },
                await failure { try await older.rollBack(store, to: nil) },
            ] {
                #expect(attempt?.reason == .schema)
                #expect(attempt?.message == "the store is newer than this binary, which does not know: 3")
            }
            #expect(try await older.status(of: store).unknown == ["3"])
        }
    }

    @Test(arguments: stores) func refusesChangedMigrations(_ kind: Store.Kind) async throws {
        try await withStore(kind, migrated: false) { store in
            try await Migrator(Self.three).migrate(store)
            var changed = Self.three
            changed[1].up[0] = .sql("CREATE TABLE two (id TEXT)")
            let error = await failure { try await Migrator(changed).verify(store) }
            #expect(error?.message == "migrations were changed after they were applied: 2")
            var swapped = Self.three
            swapped.swapAt(0, 1)
            #expect(await failure { try await Migrator(swapped).verify(store) }?.reason == .schema)
        }
    }

    @Test(arguments: stores) func aFailingMigrationLeavesNothing(_ kind: Store.Kind) async throws {
        try await withStore(kind, migrated: false) { store in
            let broken = Migration(
                "2 broken", up: [.sql("CREATE TABLE half (id BIGINT)"), .sql("INSERT INTO nowhere (id) VALUES (1)")],
                down: [])
            let migrator = try Migrator([Self.migration(1), broken])
            let error = await failure { try await migrator.migrate(store) }
            #expect(error?.message.hasPrefix("migration 2 broken:") == true)
            #expect(try await migrator.status(of: store).applied == ["1"])
            let half = await failure { try await store.system(.test).write { try $0.run("DELETE FROM half") } }
            #expect(half?.reason == .invalid)
        }
    }

    @Test(arguments: stores) func runnersTakeTurns(_ kind: Store.Kind) async throws {
        try await withStore(kind, migrated: false) { store in
            // Each runner has a store of its own, as each process has.
            let others = try (0..<3).map { _ in try Store(store.configuration) }
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for other in others { group.addTask { try await Migrator(Self.three).migrate(other) } }
                return try await group.reduce([], +)
            }
            for other in others { await other.close() }
            #expect(applied.sorted() == ["1", "2", "3"])
            try await Migrator(Self.three).verify(store)
        }
    }

    @Test func namesAreUnique() {
        #expect(throws: StoreError.self) { try Migrator([Self.migration(1), Self.migration(1)]) }
    }
}
