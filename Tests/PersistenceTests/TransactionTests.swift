import Foundation
import StoreTesting
import Testing

@testable import Persistence

@Suite struct TransactionTests {
    private struct Oops: Error {}

    @Test(arguments: stores) func commitsAndUndoes(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let count = try await store.scoped(acme).write { tx in
                try tx.add("a")
                return try tx.run("UPDATE notes SET stars = 2 WHERE organization = \(.organization)")
            }
            #expect(count == 1)
            await #expect(throws: Oops.self) {
                try await store.scoped(acme).write { tx in
                    try tx.add("b")
                    throw Oops()
                }
            }
            #expect(try await store.ids() == ["a"])
        }
    }

    @Test(arguments: stores) func returnsFromWrites(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let stars = try await store.scoped(acme).write { tx in
                try tx.add("a", stars: 4)
                return try tx.value(
                    Int.self,
                    "UPDATE notes SET stars = stars + 1 WHERE organization = \(.organization) RETURNING stars")
            }
            #expect(stars == 5)
        }
    }

    @Test(arguments: stores) func savepointsUndoTheirOwn(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            try await store.scoped(acme).write { tx in
                try tx.add("a")
                do {
                    try tx.savepoint { tx in
                        try tx.add("b")
                        try tx.savepoint { try $0.add("c") }
                        try tx.add("a")
                    }
                    Issue.record("the second a should not be taken")
                } catch let error as StoreError {
                    #expect(error.reason == .conflict)
                }
                try tx.savepoint { try $0.add("d") }
            }
            #expect(try await store.ids() == ["a", "d"])
        }
    }

    @Test(arguments: stores) func failureEndsTheTransaction(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let error = await failure {
                try await store.scoped(acme).write { tx in
                    try tx.add("a")
                    try? tx.add("a")
                    #expect(throws: StoreError.self) { try tx.add("b") }
                }
            }
            #expect(error?.reason == .conflict)
            let ids = try await store.ids()
            #expect(ids.isEmpty)
        }
    }

    @Test(arguments: stores) func namesConstraints(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let handle = store.scoped(acme)
            try await handle.write { try $0.add("a", "text") }
            let key = await failure { try await handle.write { try $0.add("a", "other") } }
            #expect((key?.reason, key?.constraint) == (.conflict, "notes_pkey"))
            let index = await failure { try await handle.write { try $0.add("b", "text") } }
            #expect((index?.reason, index?.constraint) == (.conflict, "notes_body"))
            let check = await failure { try await handle.write { try $0.add("c", stars: -1) } }
            #expect((check?.reason, check?.constraint) == (.constraint, "notes_stars"))
            let null = await failure {
                try await handle.write {
                    try $0.run("UPDATE notes SET body = \(nil as String?) WHERE organization = \(.organization)")
                }
            }
            #expect((null?.reason, null?.column) == (.constraint, "body"))
            // Checked at the commit.
            let parent = await failure {
                try await handle.write {
                    try $0.run("UPDATE notes SET parent = 'none' WHERE organization = \(.organization)")
                }
            }
            #expect(parent?.reason == .constraint)
            #expect(key?.isRetryable == false)
            #expect(try await store.ids() == ["a"])
        }
    }

    @Test(arguments: stores) func saysWhatIsInvalid(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let handle = store.system(.test)
            let statements: [SQL] = [
                "SELEKT 1", "SELECT nothing FROM notes", "SELECT * FROM notes", "SELECT id FROM nowhere", "COMMIT",
                "SELECT id FROM notes WHERE organization = \(.organization)",
            ]
            for sql in statements {
                let error = await failure { _ = try await handle.write { try $0.values(String.self, sql) } }
                #expect(error?.reason == .invalid, "\(sql.text): \(String(describing: error))")
            }
            let write = await failure { try await handle.read { _ = try $0.run("DELETE FROM notes") } }
            #expect(write?.reason == .invalid)
        }
    }

    @Test(arguments: stores) func boundsRows(_ kind: Store.Kind) async throws {
        try await withStore(kind, { $0.limits.maximumRows = 10 }) { store in
            try await store.scoped(acme).write { tx in for index in 0..<11 { try tx.add("n\(index)") } }
            let many = await failure { _ = try await store.ids() }
            #expect(many?.reason == .invalid)
            #expect(many?.message.hasPrefix("more than 10 rows") == true)
            let two = await failure {
                _ = try await store.system(.test).read { try $0.value(String.self, "SELECT id FROM notes LIMIT 2") }
            }
            #expect(two?.message.hasPrefix("more than 1 rows") == true)
            let ten = try await store.system(.test).read { try $0.values(String.self, "SELECT id FROM notes LIMIT 10") }
            #expect(ten.count == 10)
        }
    }

    /// Each reads both rows and writes one: one after the other the sum can only go to zero.
    @Test(arguments: stores) func serializesAndRetries(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            try await store.scoped(acme).write { tx in
                try tx.add("a", stars: 1)
                try tx.add("b", stars: 1)
            }
            let runs = Locked(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<16 {
                    let id = index.isMultiple(of: 2) ? "a" : "b"
                    group.addTask {
                        try await store.scoped(acme).write { tx in
                            runs.withLock { $0 += 1 }
                            let sum = try tx.value(
                                Int.self, "SELECT sum(stars) AS s FROM notes WHERE organization = \(.organization)")
                            try tx.run(
                                """
                                UPDATE notes SET stars = \((sum ?? 0) + 1)
                                WHERE organization = \(.organization) AND id = \(id)
                                """)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(runs.withLock { $0 } >= 16)
            // Were two of them to see the same sum, the larger star would be less than what a chain of 16 gives.
            let pair = try await store.scoped(acme).read {
                (try $0.note("a")?.stars ?? 0, try $0.note("b")?.stars ?? 0)
            }
            #expect(max(pair.0, pair.1) > 16)
        }
    }

    @Test(arguments: stores) func countsWithoutLoss(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            try await store.scoped(acme).write { try $0.add("n") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        _ = try await store.scoped(acme).write(.readCommitted) {
                            try $0.run("UPDATE notes SET stars = stars + 1 WHERE organization = \(.organization)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.scoped(acme).read { try $0.note("n")?.stars } == 40)
        }
    }
}
