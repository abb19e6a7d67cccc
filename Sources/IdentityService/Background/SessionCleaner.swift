import Logging
import Persistence
import ServiceLifecycle

extension SystemReason {
    static let cleanSessions = SystemReason("forget sessions and revocations whose time is over")
}

/// Removes sessions whose tokens could not be used any more for a day, and revocations of tokens that are over.
struct SessionCleaner: Service {
    private static let interval: Duration = .seconds(600)
    private static let retention: Duration = .seconds(86_400)
    /// Sessions that one transaction removes.
    private static let batch = 500

    private let store: Store
    private let now: @Sendable () -> Int64
    private let logger: Logger

    init(store: Store, now: @escaping @Sendable () -> Int64, logger: Logger) {
        (self.store, self.now, self.logger) = (store, now, logger)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    while try await clean() == Self.batch {}
                } catch  where !Task.isCancelled {
                    logger.warning("old sessions could not be removed", metadata: ["error": "\(error)"])
                } catch {}
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Removes a batch.
    ///
    /// - Returns: How many sessions.
    func clean() async throws -> Int {
        let now = now()
        return try await store.system(.cleanSessions).write(.readCommitted) { tx in
            _ = try TokenRevocationStore.clean(now: now / 1_000, in: tx)
            return try SessionStore.clean(before: now - Self.retention.microseconds, count: Self.batch, in: tx)
        }
    }
}
