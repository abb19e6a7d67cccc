import Testing

@testable import Persistence

/// Statements with many values.
@Suite struct ListTests {
    @Test func textsAndValues() {
        let ids: SQL = "SELECT a FROM t WHERE id IN (\(SQL.list([7, 8, 9]))) AND b = \("x")"
        #expect(ids.text == "SELECT a FROM t WHERE id IN ($1, $2, $3) AND b = $4")
        #expect(SQL.rows([1, 2]).text == "($1), ($2)")
        #expect(SQL.rows([1]).text == "($1)")
        #expect(SQL.list([Int]()).text == "")
        #expect(SQL.rows([Int]()).text == "")
        let many = SQL.list(Array(0..<600)).text
        #expect(
            many.hasPrefix("$1, $2, ")
                && many.hasSuffix(", $512, \("$513"), " + (514...600).map { "$\($0)" }.joined(separator: ", ")))
    }

    @Test(arguments: stores) func manyValues(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let texts = (0..<700).map { "n\($0)" }
            try await store.system(.test).write { tx in
                _ = try tx.run(
                    """
                    INSERT INTO notes (organization, id, body, stars)
                    SELECT \("acme"), rows.column1, rows.column1, 0 FROM (VALUES \(SQL.rows(texts))) AS rows
                    """)
            }
            let found = try await store.scoped(acme).read { tx in
                try tx.values(
                    String.self,
                    "SELECT id FROM notes WHERE organization = \(.organization) AND id IN (\(SQL.list(texts)))")
            }
            #expect(Set(found) == Set(texts))
        }
    }

    /// Columns may be asked for in any order, however the rows before were read.
    @Test(arguments: stores) func columnsInAnyOrder(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            struct Mixed: RowDecodable, Equatable {
                var text: String
                init(row: Row) throws {
                    let (c, a): (Int, Int) = (try row["c"], try row["a"])
                    let (b, again): (Int, Int) = (try row["b"], try row["a"])
                    text = "\(a)\(b)\(c)\(again)"
                }
            }
            let rows = try await store.system(.test).read {
                try $0.all(Mixed.self, "SELECT 1 AS a, 2 AS b, 3 AS c UNION ALL SELECT 4, 5, 6 ORDER BY a")
            }
            #expect(rows.map(\.text) == ["1231", "4564"])
        }
    }
}
