import Foundation
import StoreTesting

@testable import IdentityService
@testable import Persistence

/// A PostgreSQL server of one test's own, which stops and starts it.
struct PostgresServerForSilence {
    private let server: PostgresServer

    init() throws { server = try PostgresServer() }

    func stop() throws { try server.command("stop") }
    func start() throws { try server.command("start") }
    func end() { server.end() }

    /// A store with Identity's tables on the server.
    func withStore(_ body: (Store) async throws -> Void) async throws {
        let store = try Store(.postgres(try await server.makeDatabase()))
        do {
            try await Migrator(IdentityService.migrations).migrate(store)
            try await body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }
}
