import CoreMetrics
import Foundation
import StoreTesting

@testable import Persistence

let stores = Store.Kind.allCases
let acme = OrganizationID("acme")
let globex = OrganizationID("globex")

extension SystemReason {
    static let test = SystemReason("tests look")
}

/// A fresh store of a kind, with the notes' schema, for one test.
func withStore(
    _ kind: Store.Kind, migrated: Bool = true, metrics: any MetricsFactory = NOOPMetricsHandler.instance,
    _ change: (inout StoreConfiguration) -> Void = { _ in },
    _ body: (Store) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration =
        switch kind {
        case .sqlite: StoreConfiguration.sqlite(path: folder.appending(path: "test.db").path)
        case .postgres: StoreConfiguration.postgres(try await PostgresServer.shared.get().makeDatabase())
        }
    configuration.pool.size = 4
    // Tests share two cores with others: only those about time have short ones.
    configuration.pool.acquireTimeout = .seconds(3600)
    change(&configuration)
    let store = try Store(configuration, metrics: metrics)
    do {
        if migrated { try await Migrator(Note.migrations).migrate(store) }
        try await body(store)
    } catch {
        await store.close()
        throw error
    }
    await store.close()
}

struct Note: RowDecodable, Equatable {
    var id: String
    var body: String
    var stars: Int

    init(row: Row) throws {
        id = try row["id"]
        body = try row["body"]
        stars = try row["stars"]
    }

    static let migrations = [
        Migration(
            "001 notes",
            up: [
                .sql(
                    """
                    CREATE TABLE notes (
                        organization TEXT NOT NULL,
                        id TEXT NOT NULL,
                        body TEXT NOT NULL,
                        stars BIGINT NOT NULL CONSTRAINT notes_stars CHECK (stars >= 0),
                        parent TEXT,
                        PRIMARY KEY (organization, id),
                        CONSTRAINT notes_parent FOREIGN KEY (organization, parent)
                            REFERENCES notes (organization, id) DEFERRABLE INITIALLY DEFERRED
                    );
                    CREATE UNIQUE INDEX notes_body ON notes (organization, body)
                    """),
                .isolate("notes"),
                .expose("notes", as: .readWrite),
            ],
            down: [.sql("DROP TABLE notes")])
    ]
}

extension Transaction {
    borrowing func add(_ id: String, _ body: String? = nil, stars: Int = 0) throws {
        let body = body ?? id
        try run("INSERT INTO notes (organization, id, body, stars) VALUES (\(.organization), \(id), \(body), \(stars))")
    }

    borrowing func note(_ id: String) throws -> Note? {
        try optional(
            Note.self, "SELECT id, body, stars FROM notes WHERE organization = \(.organization) AND id = \(id)")
    }
}

extension Store {
    /// All notes' ids, of all organizations.
    func ids() async throws -> [String] {
        try await system(.test).read { try $0.values(String.self, "SELECT id FROM notes ORDER BY id") }
    }
}

/// The store's error that the body throws, or nil.
func failure<Result>(_ body: () async throws -> Result) async -> StoreError? {
    do { _ = try await body() } catch let error as StoreError { return error } catch { return nil }
    return nil
}
