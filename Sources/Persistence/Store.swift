public import CoreMetrics
public import Logging

/// A service's database: SQLite or PostgreSQL behind one face.
///
/// Queries go through one of two handles: `scoped(_:)` binds every statement to one organization, `system(_:)` works
/// across them for a stated reason.
public final class Store: Sendable {
    public enum Kind: Sendable, CaseIterable { case sqlite, postgres }

    public let kind: Kind
    let configuration: StoreConfiguration
    let engine: any Engine
    let metrics: StoreMetrics

    /// Opens a store. SQLite's file is made if it is not there; PostgreSQL is not asked before the first use, so that a
    /// service can start before its database.
    ///
    /// - Parameter metrics: Where the store is measured, under its configuration's name.
    /// - Throws: `StoreError` if the file cannot be opened.
    public init(
        _ configuration: StoreConfiguration, logger: Logger = Logger(label: "datavault.store"),
        metrics: any MetricsFactory = MetricsSystem.factory
    ) throws {
        self.configuration = configuration
        self.metrics = StoreMetrics(store: configuration.name, factory: metrics)
        switch configuration.backend {
        case .sqlite(let sqlite):
            kind = .sqlite
            engine = try SQLiteEngine(sqlite, configuration, self.metrics, logger: logger)
        case .postgres(let postgres):
            kind = .postgres
            engine = PostgresEngine(postgres, configuration, self.metrics, logger: logger)
        }
    }

    /// A handle whose every statement is bound to the organization: it must name it with `\(.organization)`, and on
    /// PostgreSQL row-level security hides all other rows.
    public func scoped(_ organization: OrganizationID) -> StoreHandle {
        StoreHandle(store: self, scope: .organization(organization))
    }

    /// A handle across organizations, for log-in, queues and the like.
    public func system(_ reason: SystemReason) -> StoreHandle {
        StoreHandle(store: self, scope: .system(reason))
    }

    public var load: StoreLoad { engine.load }

    /// Asks the database for a sign of life, through the pool: what readiness reports.
    ///
    /// - Throws: `StoreError`: why the store cannot serve.
    public func check() async throws {
        try await engine.readers.withSlot { slot in try await slot.perform { try $0.check() } }
    }

    /// Waits for the work in hand, refuses new work, closes all connections.
    public func close() async { await engine.close() }
}
