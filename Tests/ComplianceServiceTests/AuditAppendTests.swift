import Foundation
import StoreTesting
import Testing

@testable import ComplianceService
@testable import Persistence

@Suite(.timeLimit(.minutes(5))) struct AuditAppendTests {
    @Test(arguments: auditStores) func eachEventIsKeptOnce(_ kind: Store.Kind) async throws {
        try await withAuditStore(kind) { store in
            let log = AuditFixture(store: store)
            let appender = log.appender()
            let events = try (1...5).map { try AuditFixture.event($0) }
            #expect(try await appender.append(events) == 5)
            #expect(try await appender.append(events) == 0)
            // Some old, some new, one of them twice, and one that comes late.
            let mixed = try [3, 9, 9, 7].map { try AuditFixture.event($0) }
            #expect(try await appender.append(mixed) == 2)
            let sequences = try await log.leaves().map { try AuditLeaf($0).sequence }
            #expect(sequences == [1, 2, 3, 4, 5, 9, 7])
            #expect(try await log.isWhole())
        }
    }

    @Test(arguments: auditStores) func numbersAreEachSourcesOwn(_ kind: Store.Kind) async throws {
        try await withAuditStore(kind) { store in
            let log = AuditFixture(store: store)
            let appender = log.appender()
            var added: [Int] = []
            for event in [
                try AuditFixture.event(1), try AuditFixture.event(1, source: "scrape"),
                // A source that has lost its memory counts anew: another event is not taken for a repetition.
                try AuditFixture.event(1, action: "user.delete"), try AuditFixture.event(1, action: "user.delete"),
            ] {
                added.append(try await appender.append([event]))
            }
            #expect(added == [1, 1, 1, 0])
            let size = try await log.head().frontier.size
            #expect(size == 3)
        }
    }

    @Test(arguments: auditStores) func logsAreApart(_ kind: Store.Kind) async throws {
        try await withAuditStore(kind) { store in
            let log = AuditFixture(store: store)
            let events = try (1...30).map { number in
                try AuditFixture.event(
                    number, of: [AuditFixture.acme, AuditFixture.globex, .suite][Int(number % 3)])
            }
            #expect(try await log.appender().append(events) == 30)
            for name in [AuditFixture.acme, AuditFixture.globex, .suite] {
                #expect(try await log.head(name).frontier.size == 10)
                #expect(try await log.isWhole(name))
            }
        }
    }

    @Test(arguments: auditStores) func theLogsTimeNeverGoesBack(_ kind: Store.Kind) async throws {
        try await withAuditStore(kind) { store in
            let log = AuditFixture(store: store)
            for (number, now) in [(Int64(1), Int64(500)), (2, 300), (3, 700)] {
                let event = try AuditFixture.event(number)
                _ = try await store.system(.auditTest).write { [writer = log.writer] tx in
                    try writer.append([[event]], now: now, in: tx).added
                }
            }
            #expect(try await log.leaves().map { try AuditLeaf($0).loggedAt } == [500, 500, 700])
        }
    }

    /// Across the borders of tiles, in batches of all sizes, every proof is the naive tree's.
    @Test(arguments: auditStores) func proofsAcrossTiles(_ kind: Store.Kind) async throws {
        try await withAuditStore(kind) { store in
            let log = AuditFixture(store: store)
            let appender = log.appender()
            var next = Int64(1)
            for count in [1, 254, 1, 1, 300, 256, 90] {
                let events = try (next..<next + Int64(count)).map { try AuditFixture.event($0) }
                #expect(try await appender.append(events) == count)
                next += Int64(count)
            }
            let (size, leaves) = (next - 1, try await log.leaves())
            #expect(try await log.isWhole())
            let hashes = leaves.map(MerkleHash.leaf)
            func naive(_ node: MerkleNode) -> [UInt8] {
                MerkleTile.perfect(hashes[Int(node.start)..<Int(node.end)])
            }
            let places: [Int64] = [0, 1, 255, 256, 257, 511, 512, 600, 767, 768, size - 1]
            for place in places {
                for tree in [size, place + 1, max(place + 1, 513)] {
                    let nodes =
                        MerkleProof.inclusion(of: place, size: tree).nodes + MerkleProof.root(size: tree).nodes
                        + MerkleProof.consistency(from: place + 1, to: size).nodes
                    let found = try await AuditFixture.acme.handle(store).read { tx in
                        try TileStore.hashes(of: nodes, AuditFixture.acme, size: size, in: tx)
                    }
                    #expect(found == nodes.map(naive))
                }
            }
        }
    }

    @Test(arguments: auditStores) func manyWritersAtOnce(_ kind: Store.Kind) async throws {
        try await withAuditStore(kind) { store in
            let log = AuditFixture(store: store)
            // Two processes of the role, each with callers that send the same again.
            let appenders = [log.appender(), log.appender()]
            try await withThrowingTaskGroup(of: Int.self) { group in
                for caller in 0..<24 {
                    group.addTask {
                        var count = 0
                        for round in 0..<5 {
                            let first = Int64((caller / 2) * 100 + round * 10)
                            let events = try (first..<first + 10).map { number in
                                try AuditFixture.event(
                                    number + 1, of: number % 2 == 0 ? AuditFixture.acme : AuditFixture.globex)
                            }
                            count += try await appenders[caller % 2].append(events)
                        }
                        return count
                    }
                }
                var total = 0
                for try await count in group { total += count }
                // Twelve pairs of callers with fifty events each; whoever came first counted them.
                #expect(total == 600)
            }
            #expect(try await log.isWhole())
            #expect(try await log.isWhole(AuditFixture.globex))
            #expect(try await log.head().frontier.size == 300)
        }
    }

    @Test func tooManyAreRefusedAndTheRestIsTaken() async throws {
        try await withAuditStore(.sqlite) { store in
            let log = AuditFixture(store: store)
            var configuration = GroupAppender.Configuration()
            (configuration.batch, configuration.waiting) = (10, 50)
            let appender = log.appender(configuration)
            let refused = Locked(0)
            let taken = try await withThrowingTaskGroup(of: Int.self) { group in
                for caller in 0..<40 {
                    group.addTask {
                        do {
                            return try await appender.append(
                                try (1...10).map { try AuditFixture.event(Int64(caller * 10 + $0)) })
                        } catch ComplianceError.intakeFull {
                            refused.withLock { $0 += 1 }
                            return 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(taken == 10 * (40 - refused.withLock { $0 }))
            #expect(try await log.head().frontier.size == Int64(taken))
            // More than fits at once is taken where nothing waits: it must not wait for ever.
            let many = try (1_001...1_100).map { try AuditFixture.event($0) }
            #expect(try await appender.append(many) == 100)
        }
    }

    @Test(arguments: auditStores) func personalValuesAreUnderTheirSubjectsKey(_ kind: Store.Kind) async throws {
        try await withAuditStore(kind) { store in
            let log = AuditFixture(store: store)
            let appender = log.appender()
            func event(_ number: Int64, _ subject: String) throws -> IncomingEvent {
                try AuditFixture.event(
                    number, personal: [.init(name: "source_address", subject: subject, value: "192.0.2.\(number)")])
            }
            _ = try await appender.append([event(1, "users/a"), event(2, "users/b"), event(3, "users/a")])
            func values() async throws -> [String?] {
                try await store.system(.auditTest).read { [keys = log.keys] tx in
                    let leaves = try EntryStore.entries(from: 0, count: 10, AuditFixture.acme, in: tx).map {
                        try AuditLeaf($0.leaf)
                    }
                    let keys = try keys.read(["users/a", "users/b"], AuditFixture.acme, in: tx)
                    return leaves.map { leaf in
                        guard let value = leaf.personal.first, let key = keys[value.subject], key.id == value.keyID
                        else { return nil }
                        return value.opened(organization: leaf.organization, key: key.key).map {
                            String(decoding: $0.value, as: UTF8.self)
                        }
                    }
                }
            }
            #expect(try await values() == ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
            let before = try await log.head().frontier
            let erased = try await store.system(.auditTest).write { tx in
                try SubjectKeys.erase("users/a", AuditFixture.acme, in: tx)
            }
            #expect(erased)
            #expect(try await values() == [nil, "192.0.2.2", nil])
            #expect(try await log.head().frontier == before)
            #expect(try await log.isWhole())
            // Later events of the same person have another key.
            _ = try await appender.append([event(4, "users/a")])
            #expect(try await values() == [nil, "192.0.2.2", nil, "192.0.2.4"])
        }
    }
}
