import Persistence
import ServiceLifecycle
import Synchronization

/// Whether a role's store is there and fits the program. Migrations are looked at until they fit, then no more.
final class StoreGate: Sendable {
    private let store: Store
    private let migrator: Migrator
    private let command: String
    private let fits = Mutex(false)

    init(store: Store, migrator: Migrator, command: String) {
        (self.store, self.migrator, self.command) = (store, migrator, command)
    }

    /// Throws while the store cannot be worked with.
    func verify() async throws {
        try await store.check()
        guard !fits.withLock({ $0 }) else { return }
        do { try await migrator.verify(store) } catch let error as StoreError where error.reason == .schema {
            throw SuiteFailure("\(error.message); run `\(command)`")
        }
        fits.withLock { $0 = true }
    }

    var check: ReadinessCheck {
        ReadinessCheck("store") { [self] in try await verify() }
    }

    /// Waits until the store can be worked with.
    func wait() async throws {
        while true {
            do { return try await verify() } catch {
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }
}

/// Background work that starts once the store can be worked with.
struct GatedService: Service, CustomStringConvertible {
    private let service: any Service
    private let gate: StoreGate

    init(_ service: any Service, gate: StoreGate) { (self.service, self.gate) = (service, gate) }

    var description: String { "\(type(of: service))" }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await gate.wait() }
        } catch is CancellationError { return }
        try await service.run()
    }
}
