import Foundation
import ServiceKit
import StoreTesting

@testable import Persistence
@testable import PipelineService

let pipelineStores = Store.Kind.allCases

extension SystemReason {
    static let pipelineTest = SystemReason("tests look")
}

/// A fresh store of a kind with the service's tables, and a folder for objects, for one test.
///
/// On PostgreSQL the tables are an owner's, and the store works as the runtime role, which row-level security binds.
func withPipelineStore(_ kind: Store.Kind, _ body: (Store, String, String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pipeline-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let address = kind == .sqlite ? folder.appending(path: "pipeline.db").path : try await migratedPipelineDatabase()
    var configuration = kind == .sqlite ? StoreConfiguration.sqlite(path: address) : .postgres(address)
    configuration.pool.size = 4
    // Tests share two cores with others: only those about time have short ones.
    configuration.pool.acquireTimeout = .seconds(3600)
    // Races are run again until they are over: a slow machine is no reason to give up.
    configuration.retry.attempts = 100
    let store = try Store(configuration)
    if kind == .sqlite { try await Migrator(PipelineService.migrations).migrate(store) }
    do { try await body(store, address, folder.appending(path: "objects").path) } catch {
        await store.close()
        throw error
    }
    await store.close()
}

/// A database of an owner's, with the service's tables.
///
/// - Returns: Its address for the runtime role.
func migratedPipelineDatabase() async throws -> String {
    let server = try PostgresServer.shared.get()
    let address = try await server.makeDatabase()
    let database = String(address.split(separator: "/").last ?? "")
    let password = String(address.split(separator: ":")[2].split(separator: "@")[0])
    let (owner, runtime) = ("\(database)_owner", "\(database)_runtime")
    let statements = """
        CREATE ROLE \(owner) LOGIN PASSWORD '\(password)';
        CREATE ROLE \(runtime) LOGIN PASSWORD '\(password)';
        ALTER DATABASE \(database) OWNER TO \(owner)
        """
    let connection = PostgresConfiguration(connection: server.url)
    try await offPool {
        let connection = try PostgresConnection(connection, limits: StoreLimits())
        defer { connection.close() }
        try connection.script(statements)
    }
    let store = try Store(.postgres(server.address(database: database, user: owner)))
    try await Migrator(PipelineService.migrations, runtimeRole: runtime).migrate(store)
    await store.close()
    return server.address(database: database, user: runtime)
}
