import Logging
import Persistence
import ServiceKit
import ServiceLifecycle

extension SystemReason {
    static let forgetEnded = SystemReason("forget secrets, principal keys and changes whose time is over")
}

/// Removes what has ended, a batch at a time.
struct KeyCleaner: Service {
    let store: Store
    let environment: IdentityEnvironment
    let configuration: ApiKeyConfiguration
    /// How long changes stay.
    let retention: Duration
    let logger: Logger
    var interval: Duration = .seconds(300)

    /// Rows that one transaction removes.
    private static let batch = 1_000

    /// Cleans until its task is cancelled or the group shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await clean() } catch  where !Task.isCancelled {
                    logger.warning("what has ended could not be removed", metadata: ["error": "\(error)"])
                } catch {}
                try? await Task.sleep(for: interval)
            }
        }
    }

    func clean() async throws {
        let now = environment.now()
        let (old, oldest) = (
            now - configuration.keptAfterEnd.wholeMicroseconds, now - retention.wholeMicroseconds
        )
        let handle = store.system(.forgetEnded)
        while try await handle.write(
            .readCommitted,
            { tx in
                try ApiKeySecretStore.removeEnded(before: old, batch: Self.batch, in: tx)
            }) == Self.batch
        {}
        while try await handle.write(
            .readCommitted,
            { tx in
                try CredentialChangeStore.remove(before: oldest, batch: Self.batch, in: tx)
            }) == Self.batch
        {}
        try await handle.write(.readCommitted) { tx in _ = try PrincipalKeyStore.removeEnded(now: now, in: tx) }
    }
}
