import StoreTesting
import Testing

@testable import Persistence

/// What runs after a commit, and only then.
@Suite struct AfterCommitTests {
    private struct Oops: Error {}

    @Test(arguments: stores) func onlyWhatIsCommittedIsTold(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let told = Locked<[String]>([])
            @Sendable func tell(_ text: String, _ tx: borrowing Transaction) {
                tx.afterCommit { told.withLock { $0.append(text) } }
            }
            try await store.scoped(acme).write { tx in
                try tx.add("a")
                tell("a", tx)
                #expect(told.withLock { $0.isEmpty })
            }
            // By the time the caller goes on, it has been told.
            #expect(told.withLock { $0 } == ["a"])
            await #expect(throws: Oops.self) {
                try await store.scoped(acme).write { tx in
                    tell("undone", tx)
                    throw Oops()
                }
            }
            try await store.scoped(acme).write { tx in
                tell("before", tx)
                try? tx.savepoint { tx in
                    tell("undone in part", tx)
                    throw Oops()
                }
                try tx.savepoint { tx in tell("inside", tx) }
                tell("after", tx)
            }
            #expect(told.withLock { $0 } == ["a", "before", "inside", "after"])
        }
    }

    /// Of several attempts only the one that took effect.
    @Test func attemptsThatAreRunAgainAreNotTold() async throws {
        try await withStore(.postgres) { store in
            let (told, attempts) = (Locked(0), Locked(0))
            try await store.scoped(acme).write { tx in
                tx.afterCommit { told.withLock { $0 += 1 } }
                if attempts.withLock({
                    $0 += 1; return $0
                }) < 3 {
                    var error = StoreError(.serialization, "again")
                    error.isTransient = true
                    throw error
                }
            }
            #expect(attempts.withLock { $0 } == 3)
            #expect(told.withLock { $0 } == 1)
        }
    }

    @Test(arguments: stores) func aTransactionKnowsItsOrganization(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let own = try await store.scoped(acme).read { $0.organization }
            let none = try await store.system(.test).write { $0.organization }
            #expect(own == acme)
            #expect(none == nil)
        }
    }
}
