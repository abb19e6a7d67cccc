import Foundation
public import Logging
import Persistence
public import ServiceLifecycle
import Synchronization

/// Bounds of a relay.
public struct RelayConfiguration: Sendable {
    /// How long a relay has a key, beyond the destination's timeout; then another one may take it.
    public var lease: Duration = .seconds(15)
    /// How often other processes' messages, and keys whose rest is over, are looked for.
    public var poll: Duration = .milliseconds(250)
    /// Deliveries to one destination at the same time.
    public var concurrency = 4
    /// How often it is measured what waits, for the gauges `datavault_outbox_waiting_messages` and `…_oldest_age_seconds`.
    public var measurement: Duration = .seconds(15)
    /// What the outbox's store is called, for these gauges' label `store`.
    public var storeName = ""
    /// Before the store is tried again after an error.
    public var storeBackoff = Backoff(first: .milliseconds(100), longest: .seconds(5))

    public init() {}
}

/// Relays an outbox's messages to their destinations: at least once, in order for each key. A key that cannot be
/// delivered holds back only itself.
public final class OutboxRelay: Service {
    private let outbox: Outbox
    private let destinations: [OutboxDestination]
    private let configuration: RelayConfiguration
    private let logger: Logger

    public init(
        _ outbox: Outbox, _ destinations: [OutboxDestination], configuration: RelayConfiguration = RelayConfiguration(),
        logger: Logger = Logger(label: "datavault.outbox")
    ) {
        self.outbox = outbox
        self.destinations = destinations
        self.configuration = configuration
        self.logger = logger
    }

    /// Until graceful shutdown, or the task's cancellation: then deliveries under way are cancelled and their keys freed.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for destination in self.destinations {
                    for _ in 0..<max(self.configuration.concurrency, 1) {
                        group.addTask { await self.relay(destination) }
                    }
                    group.addTask { await self.measure(destination) }
                }
            }
        }
    }

    /// Tells how much waits for a destination, as long as anybody relays to it: also while nothing can be delivered.
    private func measure(_ destination: OutboxDestination) async {
        while !Task.isCancelled {
            // A store that fails is told of by the relays.
            if let waiting = try? await outbox.waiting(destination.name) {
                outbox.metrics.waiting(destination.name, store: configuration.storeName, waiting)
            }
            try? await outbox.environment.sleep(configuration.measurement)
        }
    }

    /// One of a destination's relays, with a name of its own.
    private func relay(_ destination: OutboxDestination) async {
        let (name, wakeup) = (UUID().uuidString.lowercased(), Wakeup())
        outbox.listen(destination.name, wakeup)
        defer { outbox.ignore(destination.name, wakeup) }
        await withTaskCancellationHandler {
            var failures = 0
            while !Task.isCancelled {
                do {
                    if try await !round(destination, name) {
                        await wakeup.wait(atMost: configuration.poll, outbox.environment.sleep)
                    }
                    failures = 0
                } catch {
                    if Task.isCancelled { return }
                    failures += 1
                    logger.warning("the outbox cannot be used", metadata: ["error": "\(error)"])
                    let pause = configuration.storeBackoff.pause(
                        after: failures, random: outbox.environment.random())
                    try? await outbox.environment.sleep(pause)
                }
            }
        } onCancel: {
            wakeup.wake()
        }
    }

    /// - Returns: whether there was anything to deliver.
    func round(_ destination: OutboxDestination, _ relay: String) async throws -> Bool {
        let messages = try await outbox.claim(
            destination, relay: relay, lease: destination.timeout + configuration.lease)
        guard !messages.isEmpty else { return false }
        let failures = await deliver(messages, destination)
        if let failure = failures.first {
            logger.warning(
                "messages were not delivered",
                metadata: [
                    "destination": "\(destination.name)", "count": "\(failures.count)",
                    "error": "\(JobQueue.trim(failure.error, to: outbox.configuration.maximumError))",
                ])
        }
        // A task of its own, as a cancelled one can write nothing.
        let isInterrupted = Task.isCancelled
        try await Task { [outbox] in
            try await outbox.finish(messages, failures, destination, relay: relay, isInterrupted: isInterrupted)
        }.value
        return true
    }

    private func deliver(_ messages: [OutboxMessage], _ destination: OutboxDestination) async -> [OutboxFailure] {
        do {
            return try await withThrowingTaskGroup(of: [OutboxFailure]?.self) { group in
                let sleep = outbox.environment.sleep
                group.addTask { try await destination.deliver(messages) }
                group.addTask {
                    try await sleep(destination.timeout)
                    return nil
                }
                defer { group.cancelAll() }
                guard let failures = try await group.next() ?? nil else {
                    throw JobError(.invalid, "the delivery took longer than \(destination.timeout)")
                }
                return failures
            }
        } catch {
            return messages.map { OutboxFailure(id: $0.id, error: "\(error)") }
        }
    }
}
