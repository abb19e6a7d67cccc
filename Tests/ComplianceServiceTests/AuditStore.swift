import Crypto
import Foundation
import Logging
import ServiceKit
import StoreTesting

@testable import ComplianceService
@testable import Persistence

let auditStores = Store.Kind.allCases

extension SystemReason {
    static let auditTest = SystemReason("tests look")
}

/// A fresh store of a kind with Compliance's tables, for one test.
///
/// On PostgreSQL the tables are an owner's, and the store works as the runtime role.
func withAuditStore(_ kind: Store.Kind, _ body: (Store) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "audit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration =
        switch kind {
        case .sqlite: StoreConfiguration.sqlite(path: folder.appending(path: "compliance.db").path)
        case .postgres: StoreConfiguration.postgres(try await AuditDatabase.make().runtime)
        }
    configuration.pool.size = 4
    // Tests share two cores with others.
    configuration.pool.acquireTimeout = .seconds(3600)
    configuration.retry.attempts = 100
    let store = try Store(configuration)
    if kind == .sqlite { try await Migrator(ComplianceService.migrations).migrate(store) }
    do { try await body(store) } catch {
        await store.close()
        throw error
    }
    await store.close()
}

/// A database of an owner's, with Compliance's tables, and its addresses.
struct AuditDatabase {
    let owner, runtime: String

    static func make() async throws -> AuditDatabase {
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
        try await Task.detached {
            let connection = try PostgresConnection(connection, limits: StoreLimits())
            defer { connection.close() }
            try connection.script(statements)
        }.value
        let own = server.address(database: database, user: owner)
        let store = try Store(.postgres(own))
        try await Migrator(ComplianceService.migrations, runtimeRole: runtime).migrate(store)
        await store.close()
        return AuditDatabase(owner: own, runtime: server.address(database: database, user: runtime))
    }
}

/// What tests append, and with which keys.
struct AuditFixture: Sendable {
    static let rootKey = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
    static let acme = LogName(organization: "acme")
    static let globex = LogName(organization: "globex")

    let store: Store
    let keys = SubjectKeys(rootKey: rootKey)

    var writer: LogWriter { LogWriter(kind: store.kind, keys: keys) }

    func appender(
        _ configuration: GroupAppender.Configuration = GroupAppender.Configuration(),
        grown: @escaping @Sendable (Set<LogName>) -> Void = { _ in }
    ) -> GroupAppender {
        GroupAppender(
            store: store, writer: writer, configuration: configuration,
            now: { Int64(Date().timeIntervalSince1970 * 1_000_000) }, logger: Logger(label: "test"), grown: grown)
    }

    static func event(
        _ sequence: Int64, of log: LogName = acme, source: String = "identity", action: String = "user.create",
        actor: String = "users/ada", resource: String = "", time: Int64? = nil, isDenied: Bool = false,
        personal: [IncomingEvent.Personal] = []
    ) throws -> IncomingEvent {
        try IncomingEvent(
            leaf: AuditLeaf(
                source: source, sequence: sequence, time: time ?? sequence * 1_000, loggedAt: 0,
                organization: log.organization, action: action, actor: actor, resource: resource,
                outcome: isDenied ? .denied(code: "PERMISSION_DENIED", reason: "PERMISSION_MISSING") : .done,
                after: "number \(sequence)"),
            personal: personal)
    }

    func head(_ log: LogName = acme) async throws -> LogHead {
        try await store.system(.auditTest).read { tx in try LogHead.read(log, in: tx) }
    }

    func leaves(_ log: LogName = acme) async throws -> [[UInt8]] {
        try await store.system(.auditTest).read { tx in
            try tx.values(
                [UInt8].self,
                "SELECT leaf FROM audit_entries WHERE organization = \(log.organization) ORDER BY log_index")
        }
    }

    /// Whether the log's tree is that of its entries, and no entry is missing.
    func isWhole(_ log: LogName = acme) async throws -> Bool {
        let (head, leaves) = (try await head(log), try await leaves(log))
        var frontier = MerkleFrontier()
        for leaf in leaves { frontier.append(leafHash: MerkleHash.leaf(leaf)) }
        return frontier == head.frontier
    }
}

/// Counts from 0.
final class LockedCount: Sendable {
    private let value = Locked(0)

    func next() -> Int {
        value.withLock { value in
            defer { value += 1 }
            return value
        }
    }
}
