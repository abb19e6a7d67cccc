import ExampleContract
import Persistence
import SwiftProtobuf

extension SystemReason {
    static let keepEntries = SystemReason("keep entries of the journal, whoever they are about")
}

/// The table of what was done.
struct JournalStore: Sendable {
    let store: Store

    static let migrations = [
        Migration(
            "example 002 journal",
            up: [
                .sql(
                    """
                    CREATE TABLE journal (
                        organization TEXT NOT NULL, source TEXT NOT NULL, sequence BIGINT NOT NULL, entry BYTEA NOT NULL,
                        PRIMARY KEY (organization, source, sequence)
                    )
                    """),
                .isolate("journal"),
                .expose("journal", as: .appendOnly),
            ],
            down: [.sql("DROP TABLE journal")])
    ]

    /// Keeps entries that are not kept yet.
    ///
    /// - Parameter source: The role that sent them, as its certificate says.
    /// - Returns: How many were new.
    func append(_ entries: [Entry], from source: String) async throws -> Int {
        try await store.system(.keepEntries).write { tx in
            var count = 0
            for entry in entries {
                let bytes: [UInt8] = try entry.serializedBytes()
                count += try tx.run(
                    """
                    INSERT INTO journal (organization, source, sequence, entry)
                    VALUES (\(entry.organization), \(source), \(entry.sequence), \(bytes))
                    ON CONFLICT (organization, source, sequence) DO NOTHING
                    """)
            }
            return count
        }
    }

    func entries(of organization: OrganizationID, after sequence: Int64, count: Int) async throws -> [Entry] {
        let rows = try await store.scoped(organization).read { tx in
            try tx.values(
                [UInt8].self,
                """
                SELECT entry FROM journal WHERE organization = \(.organization) AND sequence > \(sequence)
                ORDER BY sequence LIMIT \(count)
                """)
        }
        return try rows.map { try Entry(serializedBytes: $0) }
    }
}
