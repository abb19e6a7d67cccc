import Foundation
import Testing

@testable import Persistence

/// Values come back as they went, on both stores.
@Suite struct ValueTests {
    private struct Everything: RowDecodable, Equatable {
        var i: Int64
        var r: Double
        var t: String
        var b: [UInt8]
        var f: Bool
        var d: Date
        var n: String?
        init(row: Row) throws {
            (i, r, t) = (try row["i"], try row["r"], try row["t"])
            (b, f, d, n) = (try row["b"], try row["f"], try row["d"], try row["n"])
        }
    }

    private static let schema = [
        Migration(
            "001 everything",
            up: [
                .sql(
                    """
                    CREATE TABLE everything (
                        i BIGINT, r DOUBLE PRECISION, t TEXT, b BYTEA, f BOOLEAN, d BIGINT, n TEXT
                    )
                    """)
            ],
            down: [.sql("DROP TABLE everything")])
    ]

    @Test(arguments: stores) func roundTrips(_ kind: Store.Kind) async throws {
        try await withStore(kind, migrated: false) { store in
            try await Migrator(Self.schema).migrate(store)
            let date = Date(timeIntervalSince1970: 1_700_000_000.123456)
            let cases: [(Int64, Double, String, [UInt8], Bool)] = [
                (0, 0.1, "", [], false), (.max, .greatestFiniteMagnitude, "ünï 🦉 ' \" \\ $1 ? --", [0, 1, 255], true),
                (.min, -.leastNonzeroMagnitude, String(repeating: "x", count: 100_000), Array(0...255), false),
                (-1, .infinity, "\u{1}\n\t", [UInt8](repeating: 0, count: 70_000), true),
            ]
            for (i, r, t, b, f) in cases {
                let rows = try await store.system(.test).write { tx in
                    try tx.run("DELETE FROM everything")
                    try tx.run(
                        """
                        INSERT INTO everything (i, r, t, b, f, d, n)
                        VALUES (\(i), \(r), \(t), \(b), \(f), \(date), \(nil as String?))
                        """)
                    return try tx.all(Everything.self, "SELECT i, r, t, b, f, d, n FROM everything WHERE i = \(i)")
                }
                let row = try #require(rows.first)
                #expect((row.i, row.r, row.t) == (i, r, t))
                #expect((row.b, row.f, row.d, row.n) == (b, f, date, nil))
            }
        }
    }

    @Test(arguments: stores) func decodesStrictly(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            try await store.scoped(acme).write { try $0.add("a", stars: 3) }
            let handle = store.system(.test)
            let wrong = await failure {
                _ = try await handle.read { try $0.value(String.self, "SELECT stars FROM notes") }
            }
            #expect(wrong?.reason == .invalid)
            #expect(wrong?.message == "column stars holds integer, not a String")
            let null = await failure {
                _ = try await handle.read { try $0.value(Int.self, "SELECT parent FROM notes") }
            }
            #expect(null?.message == "column parent holds null, not a Int")
            let optional = try await handle.read { try $0.value(String?.self, "SELECT parent FROM notes") }
            #expect(optional == .some(nil))
            let absent = await failure {
                _ = try await handle.read { try $0.all(Note.self, "SELECT id, body FROM notes") }
            }
            #expect(absent?.message == "no column stars among id, body")
            let sum = try await handle.read { try $0.value(Int.self, "SELECT sum(stars) AS s FROM notes") }
            #expect(sum == 3)
        }
    }

    @Test(arguments: stores) func refusesWhatOneStoreCannotKeep(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let nul = await failure { try await store.scoped(acme).write { try $0.add("a\0b") } }
            #expect(nul?.reason == .invalid)
            let nan = await failure {
                try await store.system(.test).write { try $0.run("UPDATE notes SET stars = \(Double.nan)") }
            }
            #expect(nan?.reason == .invalid)
        }
    }

    @Test(arguments: stores) func bindsAndNeverPastes(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let evil = "'; DROP TABLE notes; --"
            try await store.scoped(acme).write { try $0.add(evil) }
            let found = try await store.scoped(acme).read { try $0.note(evil) }
            #expect(found?.body == evil)
        }
    }

    @Test(arguments: stores) func composesFragments(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            try await store.scoped(acme).write { tx in for index in 0..<5 { try tx.add("n\(index)", stars: index) } }
            let conditions: [SQL] = ["stars > \(1)", "id <> \("n3")", "organization = \(.organization)"]
            let filter = SQL.joined(conditions, separator: " AND ")
            let ids = try await store.scoped(acme).read { tx in
                try tx.values(String.self, "SELECT id FROM notes WHERE \(filter) ORDER BY id LIMIT \(10)")
            }
            #expect(ids == ["n2", "n4"])
        }
    }

    @Test func statementsKnowTheirText() {
        let fragment: SQL = "b = \(2) OR c = \(true)"
        let sql: SQL = "a = \(1) AND (\(fragment)) AND d = \(.organization)"
        #expect(sql.text == "a = $1 AND (b = $2 OR c = $3) AND d = $4")
        #expect(sql.bindings == [.value(.integer(1)), .value(.integer(2)), .value(.boolean(true)), .organization])
    }

    @Test(arguments: [
        ("SELECT * FROM notes", true), ("select\n *", true), ("SELECT n.* FROM notes n", true),
        ("SELECT id, * FROM notes", true), ("INSERT INTO a (b) VALUES (1) RETURNING *", true),
        ("SELECT /* hm */ * FROM notes", true), ("SELECT DISTINCT * FROM notes", true),
        ("SELECT count(*) FROM notes", false), ("SELECT a * b FROM notes", false), ("SELECT '*' FROM notes", false),
        ("SELECT a -- , *\n FROM notes", false), ("SELECT \"*\" FROM notes", false), ("SELECT 'it''s' * 2", false),
    ])
    func findsStars(_ text: String, _ expected: Bool) {
        #expect(SQLScanner.selectsAllColumns(text) == expected)
    }

    @Test func keepsTheStatementsUsedLast() {
        var cache = StatementCache<Int, String>(capacity: 2)
        #expect(cache.insert("a", for: 1) == nil)
        #expect(cache.insert("b", for: 2) == nil)
        #expect(cache.find(1) == "a")
        #expect(cache.insert("c", for: 3) == "b")
        #expect(cache.find(2) == nil)
        #expect(cache.count == 2)
    }
}
