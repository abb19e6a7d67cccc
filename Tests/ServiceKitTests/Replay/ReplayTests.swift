import Crypto
import Foundation
import Persistence
import PolicyModel
import SwiftProtobuf
import Synchronization
import Testing
import Wire

@testable import Policy
@testable import ServiceKit

/// The parts of replay that end-to-end tests cannot reach: time and size. The rest is tested with the example.
@Suite struct ReplayTests {
    private static func withReplay(
        _ body: (_ replay: Replay, _ cleaner: ReplayCleaner, _ clock: Clock) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "replay-\(UUID()).db").path()
        let store = try Store(.sqlite(path: path))
        try await Migrator(Replay.migrations).migrate(store)
        let clock = Clock()
        var configuration = Replay.Configuration()
        configuration.now = { clock.now.withLock { $0 } }
        configuration.maximumReply = 100
        try await body(
            Replay(store: store, configuration: configuration),
            ReplayCleaner(store: store, configuration: configuration), clock)
        await store.close()
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }

    private final class Clock: Sendable {
        let now = Mutex<Int64>(1_000_000_000_000)
        func advance(_ duration: Duration) { now.withLock { $0 += duration.nanoseconds / 1_000 } }
    }

    /// What a call under an id is answered, if it would answer `text` the first time.
    private static func call(
        _ replay: Replay, _ id: String, _ text: String, organization: String = "acme"
    ) async throws -> String {
        let scope = CallScope(
            caller: .role(.scrape, onBehalf: .init(organization: organization, initiator: "users/ada")),
            policy: CallPolicy(access: .internal), audit: nil, principalToken: nil)
        return try await CallScope.$bound.withValue(scope) {
            try await replay.write(Google_Protobuf_StringValue("request"), id: id) { _ in
                Google_Protobuf_StringValue(text)
            }.value
        }
    }

    private static func expect(
        _ answer: String, _ replay: Replay, _ id: String, _ text: String, organization: String = "acme"
    ) async throws {
        let given = try await call(replay, id, text, organization: organization)
        #expect(given == answer)
    }

    private static func expect(removed: Int, _ cleaner: ReplayCleaner) async throws {
        let count = try await cleaner.clean()
        #expect(count == removed)
    }

    @Test func aReplyIsKeptForADay() async throws {
        try await Self.withReplay { replay, cleaner, clock in
            try await Self.expect("first", replay, "1", "first")
            clock.advance(.seconds(86_399))
            try await Self.expect("first", replay, "1", "second")
            try await Self.expect(removed: 0, cleaner)
            clock.advance(.seconds(1))
            try await Self.expect("third", replay, "1", "third")
            clock.advance(.seconds(86_400))
            _ = try await Self.call(replay, "2", "other")
            try await Self.expect(removed: 1, cleaner)
            try await Self.expect(removed: 0, cleaner)
        }
    }

    @Test func idsBelongToTheirOrganization() async throws {
        try await Self.withReplay { replay, _, _ in
            try await Self.expect("a", replay, "1", "a")
            try await Self.expect("b", replay, "1", "b", organization: "other")
        }
    }

    /// A change that reaches beyond the caller's organization is known again by the caller's.
    @Test func aChangeAcrossOrganizationsBelongsToItsCaller() async throws {
        try await Self.withReplay { replay, _, _ in
            func call(_ text: String, organization: String) async throws -> String {
                let scope = CallScope(
                    caller: .role(.scrape, onBehalf: .init(organization: organization, initiator: "users/ada")),
                    policy: CallPolicy(access: .internal), audit: nil, principalToken: nil)
                return try await CallScope.$bound.withValue(scope) {
                    try await replay.write(
                        Google_Protobuf_StringValue("request"), id: "1", across: .forgetReplies
                    ) { tx in
                        #expect(tx.organization == nil)
                        return Google_Protobuf_StringValue(text)
                    }.value
                }
            }
            let answers = [
                try await call("a", organization: "acme"), try await call("b", organization: "acme"),
                try await call("c", organization: "other"),
            ]
            #expect(answers == ["a", "a", "c"])
        }
    }

    @Test func aReplyThatCannotBeKeptUndoesItsCall() async throws {
        try await Self.withReplay { replay, _, _ in
            await #expect(throws: RPCError.self) {
                try await Self.call(replay, "1", String(repeating: "x", count: 200))
            }
            try await Self.expect("small", replay, "1", "small")
        }
    }

    /// What a call under an id is answered, with its reply kept sealed.
    private static func sealed(
        _ replay: Replay, _ seal: ReplySeal, _ id: String, _ text: String, request: String = "request",
        initiator: String = "users/ada"
    ) async throws -> String {
        let scope = CallScope(
            caller: .role(.scrape, onBehalf: .init(organization: "acme", initiator: initiator)),
            policy: CallPolicy(access: .internal), audit: nil, principalToken: nil)
        return try await CallScope.$bound.withValue(scope) {
            try await replay.write(Google_Protobuf_StringValue(request), id: id, sealing: seal) { _ in
                Google_Protobuf_StringValue(text)
            }.value
        }
    }

    @Test func aSealedReplyIsRepeatedAndNotReadable() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "replay-\(UUID()).db").path()
        let store = try Store(.sqlite(path: path))
        try await Migrator(Replay.migrations).migrate(store)
        let (replay, seal) = (Replay(store: store), ReplySeal(rootKey: SymmetricKey(size: .bits256)))
        let first = try await Self.sealed(replay, seal, "1", "the secret")
        let second = try await Self.sealed(replay, seal, "1", "another")
        #expect(first == "the secret")
        #expect(second == "the secret")
        // Ids are the callers' own.
        let other = try await Self.sealed(replay, seal, "1", "theirs", initiator: "users/bob")
        #expect(other == "theirs")
        await #expect(throws: RPCError.self) {
            try await Self.sealed(replay, seal, "1", "x", request: "another request")
        }
        let rows = try await store.system(.forgetReplies).read { tx in
            try tx.values([UInt8].self, "SELECT reply FROM replies")
                + tx.values([UInt8].self, "SELECT request_hash FROM replies")
        }
        #expect(rows.count == 4)
        var hash = SHA256()
        hash.update(data: [0])
        hash.update(data: try Google_Protobuf_StringValue("request").serializedBytes() as [UInt8])
        let guessed = Array(hash.finalize())
        for row in rows {
            #expect(!row.contains(Array("the secret".utf8)))
            #expect(row != guessed)
        }
        // A row that was put in another one's place opens for nobody.
        try await store.system(.forgetReplies).write { tx in
            try tx.run(
                """
                UPDATE replies SET reply = (SELECT reply FROM replies WHERE caller LIKE '%ada')
                WHERE caller LIKE '%bob'
                """)
        }
        await #expect(throws: RPCError.self) {
            try await Self.sealed(replay, seal, "1", "x", initiator: "users/bob")
        }
        let stranger = ReplySeal(rootKey: SymmetricKey(size: .bits256))
        await #expect(throws: RPCError.self) { try await Self.sealed(replay, stranger, "1", "x") }
        await store.close()
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
}
