import Foundation

/// Brings a store's schema forward and back, one transaction a migration, and tells whether it fits this binary.
///
/// The history (`datavault_migrations`) keeps each applied migration's whole text, so that a change to it is noticed.
/// Two runners at the same time take turns.
public struct Migrator: Sendable {
    public let migrations: [Migration]
    /// PostgreSQL's role that the service runs as, other than the one that migrates and owns the tables.
    public let runtimeRole: String?
    /// How long to wait for another runner.
    public var lockTimeout: Duration = .seconds(60)

    /// - Throws: `StoreError.schema` if two migrations have the same name, or one has none.
    public init(_ migrations: [Migration], runtimeRole: String? = nil) throws {
        var names: Set<String> = []
        for migration in migrations where migration.name.isEmpty || !names.insert(migration.name).inserted {
            throw StoreError(.schema, "the name of a migration is missing or used twice: \"\(migration.name)\"")
        }
        self.migrations = migrations
        self.runtimeRole = runtimeRole
    }

    /// Where a store stands. Changes nothing.
    public func status(of store: Store) async throws -> MigrationStatus {
        let kind = store.kind
        let history = try await retrying(store.configuration.retry, store.metrics) {
            try await store.engine.exclusive { try MigrationHistory.read($0, kind) }
        }
        return MigrationStatus(migrations: migrations, history: history)
    }

    /// Whether this binary can work with the store: for a service's start.
    ///
    /// - Throws: `StoreError.schema` if migrations are pending, unknown to this binary, or changed.
    public func verify(_ store: Store) async throws {
        let status = try await status(of: store)
        try status.check()
        guard status.pending.isEmpty else {
            throw StoreError(
                .schema, "the store is behind this binary; to apply: \(status.pending.joined(separator: ", "))")
        }
    }

    /// Applies what is pending, up to and with the migration named, or all.
    ///
    /// - Returns: the names of those applied.
    /// - Throws: `StoreError`; what was applied before stays applied.
    @discardableResult
    public func migrate(_ store: Store, upTo target: String? = nil) async throws -> [String] {
        if let target { try require(target) }
        return try await steps(store) { status in
            guard let name = status.pending.first else { return nil }
            if let target, status.applied.contains(target) { return nil }
            return (name, true)
        }
    }

    /// Takes back all after the migration named, the last first; with nil all.
    ///
    /// - Returns: the names of those taken back.
    @discardableResult
    public func rollBack(_ store: Store, to target: String?) async throws -> [String] {
        if let target { try require(target) }
        return try await steps(store) { status in
            guard let last = status.applied.last, last != target else { return nil }
            if let target, !status.applied.contains(target) {
                throw StoreError(.schema, "\(target) is not applied, so there is no way back to it")
            }
            return (last, false)
        }
    }

    private func require(_ name: String) throws {
        guard migrations.contains(where: { $0.name == name }) else {
            throw StoreError(.schema, "no migration is called \(name)")
        }
    }

    /// Repeats: lock, read the history, decide on one migration, run it.
    private func steps(
        _ store: Store, _ decide: @escaping @Sendable (MigrationStatus) throws -> (name: String, isUp: Bool)?
    ) async throws -> [String] {
        var names: [String] = []
        var deadline = ContinuousClock.now + lockTimeout
        while true {
            do {
                guard let name = try await step(store, decide) else { return names }
                names.append(name)
                deadline = .now + lockTimeout
            } catch let error as StoreError where error.reason == .serialization && ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private func step(
        _ store: Store, _ decide: @escaping @Sendable (MigrationStatus) throws -> (name: String, isUp: Bool)?
    ) async throws -> String? {
        let (kind, migrations, role) = (store.kind, migrations, runtimeRole)
        return try await store.engine.exclusive { connection in
            try connection.begin(.readCommitted, scope: .system(SystemReason("migrate")))
            do {
                try connection.lockMigrations()
                try MigrationHistory.create(connection, kind, runtimeRole: role)
                let status = MigrationStatus(
                    migrations: migrations, history: try MigrationHistory.read(connection, kind))
                try status.check()
                guard let (name, isUp) = try decide(status),
                    let position = migrations.firstIndex(where: { $0.name == name })
                else {
                    try connection.commit()
                    return nil
                }
                let migration = migrations[position]
                for step in isUp ? migration.up : migration.down {
                    try Self.run(step, of: migration, connection, kind, role)
                }
                try MigrationHistory.record(migration, position, isUp: isUp, connection)
                try connection.commit()
                return name
            } catch {
                connection.rollback()
                throw error
            }
        }
    }

    private static func run(
        _ step: MigrationStep, of migration: Migration, _ connection: any Connection, _ kind: Store.Kind,
        _ role: String?
    ) throws(StoreError) {
        let text = step.text(for: kind, runtimeRole: role)
        guard !text.isEmpty else { return }
        do { try connection.script(text) } catch {
            var error = error
            error.message = "migration \(migration.name): \(error.message)"
            throw error
        }
    }
}
