import Crypto
import Foundation
import IdentityContract
import Persistence
import StoreTesting
import Testing

@testable import IdentityService

/// A process is killed while it refreshes: what it has answered goes on, and nothing is half done.
@Suite(.timeLimit(.minutes(10))) struct RefreshKillTests {
    private static let probe = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "session-probe").path
    private static let rounds = 6

    @Test(arguments: stores) func aKilledRefreshIsDoneOrNot(_ kind: Store.Kind) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "session-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let address =
            switch kind {
            case .sqlite: folder.appending(path: "identity.db").path
            case .postgres: try await PostgresServer.shared.get().makeDatabase()
            }
        let key = Data(repeating: 7, count: 32)
        let store = try Store(kind == .sqlite ? .sqlite(path: address) : .postgres(address))
        try await Migrator(LoneSessions.migrations).migrate(store)
        var options = LoneSessions.Options()
        options.isHashingInEarnest = false
        let sessions = LoneSessions(store: store, rootKey: SymmetricKey(data: key), options: options)
        try await sessions.addUser("ada@example.com", password: "a lighthouse in the fog")
        sessions.close()
        var (token, known) = ("", 0)
        for round in 0..<Self.rounds {
            let tokens = try await run(kind, address, key, from: token, kill: 5 + 7 * round)
            token = try #require(tokens.last)
            let state = try await state(of: store)
            #expect(state.sessions == 1)
            #expect(state.ended == 0)
            // What was answered is there; one refresh more may have been committed, and its answer not heard. The next
            // round begins by repeating that one.
            #expect((known + tokens.count - 1...known + tokens.count + 1).contains(state.generation))
            #expect(state.tokens == min(2, state.generation))
            // The entries of the audit log are as many as the changes.
            #expect(state.events == state.generation)
            known = state.generation
        }
        await store.close()
    }

    /// Runs the probe until it has printed so many lines, and kills it.
    ///
    /// - Returns: The tokens that it was answered with.
    private func run(
        _ kind: Store.Kind, _ address: String, _ key: Data, from token: String, kill count: Int
    ) async throws -> [String] {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: Self.probe)
        process.arguments =
            [kind == .sqlite ? "sqlite" : "postgres", address, key.base64EncodedString()]
            + (token.isEmpty ? [] : [token])
        process.standardOutput = output
        try process.run()
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        return try await offPool {
            var text = ""
            while text.split(separator: "\n").count < count {
                let data = output.fileHandleForReading.availableData
                try #require(!data.isEmpty, "the probe ended by itself")
                text += String(decoding: data, as: UTF8.self)
            }
            kill(process.processIdentifier, SIGKILL)
            text += String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            // The last line may be cut.
            let isWhole = text.hasSuffix("\n")
            let lines = text.split(separator: "\n").map(String.init)
            return isWhole ? lines : Array(lines.dropLast())
        }
    }

    private struct State {
        var sessions = 0
        var ended = 0
        var generation = 0
        var tokens = 0
        var events = 0
    }

    private func state(of store: Store) async throws -> State {
        try await store.system(.test).read { tx in
            State(
                sessions: try tx.value(Int.self, "SELECT COUNT(*) AS n FROM sessions") ?? 0,
                ended: try tx.value(Int.self, "SELECT COUNT(ended_at) AS n FROM sessions") ?? 0,
                generation: try tx.value(Int.self, "SELECT generation FROM sessions") ?? 0,
                tokens: try tx.value(Int.self, "SELECT COUNT(*) AS n FROM refresh_tokens") ?? 0,
                events: try tx.value(Int.self, "SELECT COUNT(*) AS n FROM outbox_messages") ?? 0)
        }
    }
}
