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

/// What a call is told of an earlier one before it does anything.
@Suite struct ReplyBeforeTests {
    private typealias Text = Google_Protobuf_StringValue

    private static func asCaller<Result>(
        _ organization: String = "acme", _ body: () async throws -> Result
    ) async throws -> Result {
        let scope = CallScope(
            caller: .role(.scrape, onBehalf: .init(organization: organization, initiator: "users/ada")),
            policy: CallPolicy(access: .internal), audit: nil, principalToken: nil)
        return try await CallScope.$bound.withValue(scope) { try await body() }
    }

    private static func reply(
        _ replay: Replay, _ request: String, _ id: String, sealing seal: ReplySeal? = nil,
        of organization: String = "acme"
    ) async throws -> String? {
        try await asCaller(organization) {
            let text: Text? = try await replay.reply(to: Text(request), id: id, sealing: seal)
            return text?.value
        }
    }

    @Test(arguments: [false, true]) func itIsTheReplyThatWasGiven(_ isSealed: Bool) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "replay-\(UUID()).db").path()
        let store = try Store(.sqlite(path: path))
        try await Migrator(Replay.migrations).migrate(store)
        let now = Mutex<Int64>(1_000_000_000_000)
        var configuration = Replay.Configuration()
        configuration.now = { now.withLock { $0 } }
        let replay = Replay(store: store, configuration: configuration)
        let seal = isSealed ? ReplySeal(rootKey: SymmetricKey(size: .bits256)) : nil
        #expect(try await Self.reply(replay, "request", "1", sealing: seal) == nil)
        let first = try await Self.asCaller {
            try await replay.write(Text("request"), id: "1", sealing: seal) { _ in Text("reply") }.value
        }
        #expect(first == "reply")
        #expect(try await Self.reply(replay, "request", "1", sealing: seal) == "reply")
        // Nobody else's, no other id's, and none without an id.
        #expect(try await Self.reply(replay, "request", "1", sealing: seal, of: "other") == nil)
        #expect(try await Self.reply(replay, "request", "2", sealing: seal) == nil)
        #expect(try await Self.reply(replay, "request", "", sealing: seal) == nil)
        await #expect(throws: RPCError.self) { try await Self.reply(replay, "another", "1", sealing: seal) }
        now.withLock { $0 += 86_400_000_000 }
        #expect(try await Self.reply(replay, "request", "1", sealing: seal) == nil)
        await store.close()
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
}
