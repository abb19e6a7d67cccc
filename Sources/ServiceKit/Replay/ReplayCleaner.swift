public import Logging
public import Persistence
public import ServiceLifecycle

extension SystemReason {
    static let forgetReplies = SystemReason("forget replies that are old enough")
}

/// Removes replies that have been kept long enough, a batch at a time.
public struct ReplayCleaner: Service {
    /// Rows that one transaction removes.
    public static let batch = 1_000

    private let store: Store
    private let configuration: Replay.Configuration
    private let interval: Duration
    private let logger: Logger

    /// Cleans a store.
    ///
    /// - Parameter interval: Between two rounds.
    public init(
        store: Store, configuration: Replay.Configuration = Replay.Configuration(), interval: Duration = .seconds(600),
        logger: Logger = Logger(label: "datavault.replay")
    ) {
        (self.store, self.configuration, self.interval, self.logger) = (store, configuration, interval, logger)
    }

    /// Cleans until its task is cancelled or the group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    while try await clean() == Self.batch {}
                } catch  where !Task.isCancelled {
                    logger.warning("old replies could not be removed", metadata: ["error": "\(error)"])
                } catch {}
                try? await Task.sleep(for: interval)
            }
        }
    }

    /// Removes one batch.
    ///
    /// - Returns: How many rows were removed.
    func clean() async throws -> Int {
        let oldest = configuration.now() - configuration.retention.nanoseconds / 1_000
        let batch = Self.batch
        return try await store.system(.forgetReplies).write(.readCommitted) { tx in
            try tx.run(
                """
                DELETE FROM replies WHERE (organization, caller, request_id) IN (
                    SELECT organization, caller, request_id FROM replies WHERE created_at <= \(oldest) LIMIT \(batch)
                )
                """)
        }
    }
}
