import Crypto
import Foundation
import IdentityContract
import IdentityService
import NIOCore
import Persistence
import SwiftProtobuf
import Synchronization
import Wire

/// Identity's sessions on a SQLite file of their own, with fsync on, and a client in the same process.
struct Installation: Sendable {
    static let password = "a lighthouse in the fog"

    let sessions: LoneSessions
    let client: Datavault_Identity_V1_SessionsService.Client

    /// Runs a measurement with a fresh installation.
    static func run(
        users: Int, options: LoneSessions.Options = LoneSessions.Options(),
        _ body: (Installation) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "identity-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try Store(.sqlite(path: folder.appending(path: "identity.db").path))
        try await Migrator(LoneSessions.migrations).migrate(store)
        let sessions = LoneSessions(store: store, rootKey: SymmetricKey(size: .bits256), options: options)
        let loops = EventLoops(threads: 1)
        let server = sessions.server(loops)
        let channel = ClientChannel(
            .inProcess(server, uriNames: ["spiffe://\(LoneSessions.trustDomain)/gateway"]), eventLoops: loops)
        for number in 0..<users { try await sessions.addUser(email(number), password: password) }
        try await body(
            Installation(sessions: sessions, client: Datavault_Identity_V1_SessionsService.Client(channel)))
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        sessions.close()
        await store.close()
    }

    static func email(_ number: Int) -> String { "user\(number)@example.com" }

    func logIn(_ email: String, _ password: String = Installation.password) async throws
        -> Datavault_Identity_V1_TokenResponse
    {
        try await client.logIn(
            .with {
                $0.email = email
                $0.password = password
            })
    }

    /// Logs in from a number of clients at once until a time is over.
    ///
    /// - Returns: How many succeeded and how many were refused, a second.
    func flood(clients: Int, users: Int, for time: Duration) async -> (done: Double, refused: Double) {
        let counts = Counts()
        let start = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<clients {
                group.addTask {
                    var number = client
                    while ContinuousClock.now - start < time, !Task.isCancelled {
                        let isDone = (try? await logIn(Installation.email(number % users))) != nil
                        counts.add(isDone)
                        number += clients
                    }
                }
            }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let (done, refused) = counts.both
        return (Double(done) / seconds, Double(refused) / seconds)
    }
}

/// Answers of all clients.
private final class Counts: Sendable {
    private let counts = Mutex((done: 0, refused: 0))
    var both: (done: Int, refused: Int) { counts.withLock { $0 } }
    func add(_ isDone: Bool) { counts.withLock { if isDone { $0.done += 1 } else { $0.refused += 1 } } }
}

/// Figures as people read them.
enum Figures {
    static func round(_ value: Double, _ digits: Int = 1) -> String {
        String(format: "%.\(digits)f", value)
    }

    /// The value below which a share of the others lies.
    static func percentile(_ values: [Double], _ share: Double) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
}
