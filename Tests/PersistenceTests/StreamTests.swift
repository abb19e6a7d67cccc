import Testing

@testable import Persistence

@Suite struct StreamTests {
    private func fill(_ store: Store, _ count: Int) async throws {
        try await store.scoped(acme).write { tx in for index in 0..<count { try tx.add("n\(1000 + index)") } }
    }

    private static let query: SQL =
        "SELECT id, body, stars FROM notes WHERE organization = \(.organization) ORDER BY id"

    @Test(arguments: stores) func readsInBatches(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            try await fill(store, 25)
            var sizes: [Int] = []
            var ids: [String] = []
            for try await batch in store.scoped(acme).stream(Note.self, Self.query, batch: 10) {
                sizes.append(batch.count)
                ids += batch.map(\.id)
                // One state of the store, whatever happens beside it; and the stream holds up no writer.
                let extra = "x\(sizes.count)"
                try await store.scoped(acme).write { try $0.add(extra) }
            }
            #expect(sizes == [10, 10, 5])
            #expect(ids == (0..<25).map { "n\(1000 + $0)" })
            #expect(try await store.ids().count == 28)
        }
    }

    @Test(arguments: stores) func givesItsConnectionBack(_ kind: Store.Kind) async throws {
        try await withStore(kind, { $0.pool.size = 1 }) { store in
            try await fill(store, 5)
            for _ in 0..<3 {
                for try await _ in store.scoped(acme).stream(Note.self, Self.query, batch: 2) { break }
            }
            for try await batch in store.scoped(globex).stream(Note.self, Self.query) { #expect(batch.isEmpty) }
            #expect(try await store.ids().count == 5)
        }
    }

    @Test(arguments: stores) func failsWithItsStatement(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            for sql: SQL in ["SELECT * FROM notes", "SELECT nothing FROM notes"] {
                let error = await failure {
                    for try await _ in store.system(.test).stream(Note.self, sql) { Issue.record("a batch") }
                }
                #expect(error?.reason == .invalid)
            }
            let ids = try await store.ids()
            #expect(ids.isEmpty)
        }
    }

    @Test(arguments: stores) func slowConsumersLoseTheirTransaction(_ kind: Store.Kind) async throws {
        try await withStore(kind, { $0.limits.idleTransactionTimeout = .milliseconds(200) }) { store in
            try await fill(store, 5)
            let error = await failure {
                for try await _ in store.scoped(acme).stream(Note.self, Self.query, batch: 1) {
                    try await Task.sleep(for: .milliseconds(600))
                }
            }
            #expect(error?.reason == .timeout || error?.reason == .unavailable)
            #expect(error?.isRetryable == true)
            #expect(try await store.ids().count == 5)
        }
    }

    @Test(arguments: stores) func walksWithinTransactions(_ kind: Store.Kind) async throws {
        try await withStore(kind, { $0.limits.maximumRows = 3 }) { store in
            try await fill(store, 20)
            let count = try await store.scoped(acme).write { tx in
                var count = 0
                try tx.forEach(Note.self, Self.query, batch: 6) { _ in count += 1 }
                try tx.add("after")
                return count
            }
            #expect(count == 20)
        }
    }
}
