import Foundation
import StoreTesting
import Testing

@testable import ComplianceService
@testable import Persistence

/// The store itself refuses to change what was written.
@Suite(.timeLimit(.minutes(5))) struct AuditRefusalTests {
    private static let statements: [SQL] = [
        "UPDATE audit_entries SET action = 'x'", "UPDATE audit_entries SET leaf = leaf WHERE log_index = 0",
        "DELETE FROM audit_entries", "DELETE FROM audit_entries WHERE log_index = 0",
        "UPDATE audit_tiles SET root = root",
        "DELETE FROM audit_tiles", "DELETE FROM audit_logs", "UPDATE audit_logs SET size = 0",
    ]
    private static let onSQLite: [SQL] = [
        """
        INSERT OR REPLACE INTO audit_entries (
            organization, log_index, leaf, leaf_hash, source, sequence, digest, time, action, actor, resource, is_denied
        ) SELECT organization, log_index, leaf, leaf_hash, source, 99, digest, time, 'x', actor, resource, is_denied
        FROM audit_entries WHERE log_index = 0
        """,
        """
        INSERT OR REPLACE INTO audit_entries (
            organization, log_index, leaf, leaf_hash, source, sequence, digest, time, action, actor, resource, is_denied
        ) SELECT organization, 99999, leaf, leaf_hash, source, sequence, digest, time, 'x', actor, resource, is_denied
        FROM audit_entries WHERE log_index = 0
        """,
        """
        INSERT OR REPLACE INTO audit_tiles (organization, level, tile, hashes, root)
        SELECT organization, level, tile, hashes, hashes FROM audit_tiles
        """,
        "REPLACE INTO audit_tiles (organization, level, tile, hashes, root) SELECT organization, level, tile, root, root FROM audit_tiles",
    ]
    private static let onPostgres: [SQL] = [
        "TRUNCATE audit_entries", "TRUNCATE audit_tiles", "TRUNCATE audit_logs",
        """
        INSERT INTO audit_entries (
            organization, log_index, leaf, leaf_hash, source, sequence, digest, time, action, actor, resource, is_denied
        ) SELECT organization, log_index, leaf, leaf_hash, source, sequence, digest, time, 'x', actor, resource, is_denied
        FROM audit_entries WHERE log_index = 0 ON CONFLICT (organization, log_index) DO UPDATE SET action = 'x'
        """,
    ]

    private func fill(_ store: Store) async throws -> [[UInt8]] {
        let log = AuditFixture(store: store)
        _ = try await log.appender().append(try (1...300).map { try AuditFixture.event($0) })
        return try await log.leaves()
    }

    private func refuses(_ statements: [SQL], _ store: Store) async throws {
        for statement in statements {
            await #expect(throws: StoreError.self, "\(statement)") {
                try await store.system(.auditTest).write { tx in try tx.run(statement) }
            }
            await #expect(throws: StoreError.self, "\(statement)") {
                // Where row-level security lets nothing be seen, there is nothing to change; statement triggers refuse.
                try await store.system(.auditTest).write(.readCommitted) { tx in try tx.run(statement) }
            }
        }
    }

    @Test func onSQLite() async throws {
        try await withAuditStore(.sqlite) { store in
            let leaves = try await fill(store)
            try await refuses(Self.statements + Self.onSQLite, store)
            #expect(try await AuditFixture(store: store).leaves() == leaves)
            #expect(try await AuditFixture(store: store).isWhole())
        }
    }

    @Test func onPostgreSQLAlsoToTheOwner() async throws {
        let database = try await AuditDatabase.make()
        let runtime = try Store(.postgres(database.runtime))
        let leaves = try await fill(runtime)
        try await refuses(Self.statements + Self.onPostgres, runtime)
        let owner = try Store(.postgres(database.owner))
        try await refuses(Self.statements + Self.onPostgres, owner)
        #expect(try await AuditFixture(store: owner).leaves() == leaves)
        #expect(try await AuditFixture(store: owner).isWhole())
        await owner.close()
        await runtime.close()
    }

    /// One organization's scope neither reads nor adds to another's log.
    @Test(arguments: auditStores) func scopesAreApart(_ kind: Store.Kind) async throws {
        try await withAuditStore(kind) { store in
            _ = try await fill(store)
            await #expect(throws: StoreError.self) {
                try await AuditFixture.globex.handle(store).read { tx in
                    try EntryStore.entries(from: 0, count: 1, AuditFixture.acme, in: tx).count
                }
            }
            let entries = try await AuditFixture.globex.handle(store).read { tx in
                try EntryStore.entries(from: 0, count: 1, AuditFixture.globex, in: tx).count
            }
            #expect(entries == 0)
            await #expect(throws: StoreError.self) {
                try await store.scoped(OrganizationID("globex")).write { tx in
                    try tx.run(
                        """
                        INSERT INTO audit_logs (organization, size, frontier, logged_at)
                        SELECT 'initech', 0, frontier, 0 FROM audit_logs WHERE organization <> \(.organization)
                        UNION ALL SELECT 'initech', 0, frontier, 0 FROM audit_logs
                        """)
                    // Nothing is seen of others, so nothing was written: this is.
                    let none: [UInt8] = []
                    try tx.run(
                        """
                        INSERT INTO audit_logs (organization, size, frontier, logged_at)
                        SELECT 'initech', 0, \(none), 0 WHERE \(.organization) <> 'initech'
                        """)
                }
            }
        }
    }
}
