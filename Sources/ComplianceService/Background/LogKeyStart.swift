import Logging
import Persistence
import ServiceKit
import ServiceLifecycle
import Synchronization

/// Makes the first key that checkpoints are signed with, at the first start.
final class LogKeyStart: Service, Sendable {
    private let store: Store
    private let keys: LogKeyStore
    private let now: @Sendable () -> Int64
    private let logger: Logger
    private let isDone = Mutex(false)

    init(store: Store, keys: LogKeyStore, now: @escaping @Sendable () -> Int64, logger: Logger) {
        (self.store, self.keys, self.now, self.logger) = (store, keys, now, logger)
    }

    var check: ReadinessCheck {
        ReadinessCheck("audit signing key") { [self] in
            guard isDone.withLock({ $0 }) else { throw SuiteFailure("there is no key to sign checkpoints with yet") }
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await self.ensure()
                    break
                } catch {
                    self.logger.warning("the signing key cannot be made yet", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
        try? await gracefulShutdown()
    }

    /// Makes a key unless there is one; two processes that start together make one.
    func ensure() async throws {
        let now = now()
        try await store.system(.logKeys).write { [keys] tx in
            if try LogKeyStore.current(in: tx) == nil { _ = try keys.rotate(now: now, in: tx) }
        }
        isDone.withLock { $0 = true }
    }
}
