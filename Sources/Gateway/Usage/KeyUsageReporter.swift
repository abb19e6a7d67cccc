import IdentityContract
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Wire

/// Tells Identity which secrets were used, some seconds behind: many uses, one entry.
final class KeyUsageReporter: Service {
    /// How use is told.
    struct Configuration: Sendable {
        /// Between two reports.
        var interval: Duration = .seconds(3)
        /// Milliseconds in which further uses of a secret are not noted again.
        var resolution: Int64 = 1_000
        /// Entries of a report; what the contract takes.
        var maxEntries = 1_000
        /// Secrets whose use waits to be told; beyond that uses are not told until there is room.
        var maxWaiting = 100_000
    }

    private struct SecretName: Hashable {
        let key: String
        let secret: String
    }

    private let configuration: Configuration
    private let logger: Logger
    private let channel: @Sendable () throws -> ClientChannel
    private let waiting = Mutex<[SecretName: Int64]>([:])

    init(
        configuration: Configuration = Configuration(), logger: Logger,
        channel: @escaping @Sendable () throws -> ClientChannel
    ) {
        (self.configuration, self.logger, self.channel) = (configuration, logger, channel)
    }

    /// Notes a use.
    ///
    /// - Parameter now: Milliseconds since 1970.
    func note(_ secret: KeySecret, now: Int64) {
        guard now &- secret.lastNoted.load(ordering: .relaxed) >= configuration.resolution else { return }
        secret.lastNoted.store(now, ordering: .relaxed)
        let name = SecretName(key: secret.keyID, secret: secret.id)
        waiting.withLock { waiting in
            guard waiting[name] != nil || waiting.count < configuration.maxWaiting else { return }
            waiting[name] = max(waiting[name] ?? 0, now)
        }
    }

    /// Secrets whose use has not been told.
    var waitingCount: Int { waiting.withLock { $0.count } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: self.configuration.interval)
                guard !Task.isCancelled else { return }
                await self.report()
            }
        }
        // What was used last counts, too.
        await report()
    }

    /// Tells what waits; what cannot be told waits for the next time.
    func report() async {
        while true {
            let batch = waiting.withLock { waiting in
                let batch = Array(waiting.prefix(configuration.maxEntries))
                for (name, _) in batch { waiting[name] = nil }
                return batch
            }
            guard !batch.isEmpty else { return }
            var request = Datavault_Identity_V1_ReportKeyUsageRequest()
            request.usages = batch.map { name, time in
                var usage = Datavault_Identity_V1_SecretUsage()
                (usage.key, usage.secret, usage.lastUsedMs) = (name.key, name.secret, time)
                return usage
            }
            do {
                var options = CallOptions()
                options.timeout = .seconds(5)
                _ = try await Datavault_Identity_V1_TrustService.Client(try channel())
                    .reportKeyUsage(request, options: options)
            } catch {
                logger.debug("the use of keys could not be told", metadata: ["error": "\(error)"])
                waiting.withLock { waiting in
                    for (name, time) in batch { waiting[name] = max(waiting[name] ?? 0, time) }
                }
                return
            }
        }
    }
}
