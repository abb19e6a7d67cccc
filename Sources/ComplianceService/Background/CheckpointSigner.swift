import Logging
import Metrics
import Persistence
import ServiceLifecycle

/// Signs from time to time what each log is, and keeps that: whoever has kept nothing can ask later what the log said
/// then, and compare.
struct CheckpointSigner: Service {
    /// How often, and how many.
    struct Configuration: Sendable {
        /// The time between two checkpoints of a log that grows.
        var interval: Duration = .seconds(3_600)
        /// Checkpoints that are kept of each log.
        var kept = 10_000
        /// The longest time between two looks for logs that are due.
        var tick: Duration = .seconds(30)
        /// Logs that one statement looks for.
        var batch = 500
    }

    private let store: Store
    private let keys: LogKeyStore
    private let configuration: Configuration
    /// In microseconds since 1970.
    private let now: @Sendable () -> Int64
    private let logger: Logger
    private let signed = Counter(label: "datavault_audit_checkpoints_total")

    init(
        store: Store, keys: LogKeyStore, configuration: Configuration = Configuration(),
        now: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        (self.store, self.keys, self.configuration) = (store, keys, configuration)
        (self.now, self.logger) = (now, logger)
    }

    /// Signs until its task is cancelled or the group shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await round() } catch {
                    if !Task.isCancelled { warn("logs to sign cannot be looked for", error) }
                }
                try? await Task.sleep(for: min(configuration.tick, configuration.interval))
            }
        }
    }

    /// Signs the logs that are due.
    ///
    /// - Returns: How many.
    @discardableResult
    func round() async throws -> Int {
        var (count, last): (Int, LogName?) = (0, nil)
        while !Task.isCancelled {
            let (place, time, batch) = (last, now() - interval, configuration.batch)
            let logs = try await store.system(.signCheckpoints).read { tx in
                try CheckpointStore.due(after: place, signedBefore: time, count: batch, in: tx)
            }
            for log in logs {
                // One that cannot be signed keeps no other from being signed.
                do { if try await sign(log) { count += 1 } } catch {
                    if !Task.isCancelled { warn("a log cannot be signed", error, log) }
                }
            }
            guard logs.count == batch else { break }
            last = logs.last
        }
        return count
    }

    private var interval: Int64 {
        let (seconds, rest) = configuration.interval.components
        return seconds * 1_000_000 + rest / 1_000_000_000_000
    }

    /// - Returns: Whether it was: another instance may have been first.
    private func sign(_ log: LogName) async throws -> Bool {
        let (keys, kind, now, interval, kept) = (keys, store.kind, now(), interval, configuration.kept)
        let isSigned = try await store.system(.signCheckpoints).write { tx in
            // Before the first key is made there is nothing to sign with.
            guard let key = try LogKeyStore.current(in: tx) else { return false }
            let head = try LogHead.lock(log, in: tx, kind)
            if let newest = try CheckpointStore.newest(log, in: tx) {
                guard newest.size < head.frontier.size, newest.signedAt <= now - interval else { return false }
            }
            let signed = try keys.sign(log, head.frontier, with: key, now: now)
            try CheckpointStore.keep(signed, by: key.id, at: now, atMost: kept, log, in: tx)
            return true
        }
        if isSigned { signed.increment() }
        return isSigned
    }

    private func warn(_ message: Logger.Message, _ error: any Error, _ log: LogName? = nil) {
        var metadata: Logger.Metadata = ["error": "\(error)"]
        if let log { metadata["organization"] = "\(log.organization)" }
        logger.warning(message, metadata: metadata)
    }
}
