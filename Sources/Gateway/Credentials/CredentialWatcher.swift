import IdentityContract
public import Logging
import Metrics
public import ServiceKit
public import ServiceLifecycle
import Synchronization
public import Wire

/// Follows what Identity tells of credentials, and comes back when the stream breaks.
///
/// Between two streams what is known stays good until the silence limit is over; a new stream's first part replaces it
/// as a whole.
public final class CredentialWatcher: Service, Sendable {
    /// How the stream is followed.
    public struct Configuration: Sendable {
        /// Waits before the next attempt: the first, which doubles up to the longest.
        public var backoff: ClosedRange<Duration> = .milliseconds(50)...Duration.seconds(2)
        /// The longest time to the first event of a stream.
        public var openTimeout: Duration = .seconds(5)

        /// The defaults.
        public init() {}
    }

    /// Why a stream is given up.
    private struct Broken: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    let store: CredentialStore
    private let channel: @Sendable () throws -> ClientChannel
    private let configuration: Configuration
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let streams = Counter(label: "datavault_gateway_credential_streams_total")

    /// Follows the stream of an Identity.
    ///
    /// - Parameter channel: The way to it; asked for each stream.
    public convenience init(
        configuration: Configuration = Configuration(), logger: Logger = Logger(label: "datavault.gateway.credentials"),
        channel: @escaping @Sendable () throws -> ClientChannel
    ) {
        self.init(store: CredentialStore(), configuration: configuration, logger: logger, channel: channel)
    }

    init(
        store: CredentialStore, configuration: Configuration = Configuration(), logger: Logger,
        now: @escaping @Sendable () -> Int64 = WallClock.now, channel: @escaping @Sendable () throws -> ClientChannel
    ) {
        (self.store, self.configuration, self.logger) = (store, configuration, logger)
        (self.now, self.channel) = (now, channel)
    }

    /// Whether what is known of callers may be believed: a gateway that has not heard from Identity is not ready.
    public var check: ReadinessCheck {
        ReadinessCheck("credentials") { [store] in
            guard !store.isFresh else { return }
            let silence = store.silence.map { "for \($0 / 1_000_000) ms" } ?? "yet"
            throw Broken("identity has not told of callers' credentials \(silence); callers are refused")
        }
    }

    /// Follows until the group shuts down or the task is cancelled.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var failures = 0
            while !Task.isCancelled {
                let wasFresh = self.store.isFresh
                do { try await self.follow { failures = 0 } } catch  where !Task.isCancelled {
                    self.logger.warning(
                        "the stream of credentials ended", metadata: ["error": "\(error)", "fresh": "\(wasFresh)"])
                } catch {}
                failures += 1
                try? await Task.sleep(for: self.backoff(failures))
            }
        }
    }

    private func backoff(_ failures: Int) -> Duration {
        let range = configuration.backoff
        let longest = min(range.upperBound, range.lowerBound * (1 << min(failures - 1, 10)))
        return longest * Double.random(in: 0.5...1)
    }

    /// Follows one stream to its end.
    private func follow(_ whole: () -> Void) async throws {
        streams.increment()
        var options = CallOptions()
        options.waitForReady = false
        let stream = try await Datavault_Identity_V1_TrustService.Client(try channel())
            .watchCredentials(Datavault_Identity_V1_WatchCredentialsRequest(), options: options)
        let watchdog = Watchdog(configuration.openTimeout) { stream.cancel() }
        defer { watchdog.stop() }
        var reading = Reading()
        for try await event in stream {
            watchdog.reset()
            try take(event, &reading, watchdog)
            if reading.hasCompleted {
                whole()
                reading.hasCompleted = false
            }
        }
        throw Broken("identity ended the stream")
    }

    /// What has been read of a stream.
    private struct Reading {
        var building: CredentialSet?
        var hasStarted = false
        var hasCompleted = false
        var sequence: Int64?
        var silenceLimit: Int64 = 0
    }

    private func take(
        _ event: Datavault_Identity_V1_CredentialEvent, _ reading: inout Reading, _ watchdog: Watchdog
    ) throws {
        if let last = reading.sequence {
            // A heartbeat repeats the last number, or has none; anything else has a higher one.
            let isInOrder = event.event == nil ? [0, last].contains(event.sequence) : event.sequence > last
            guard isInOrder else { throw Broken("an event is missing behind number \(last)") }
        }
        if event.event != nil { reading.sequence = event.sequence }
        switch event.event {
        case .start(let start):
            guard !reading.hasStarted else { throw Broken("the stream starts twice") }
            reading.building = try CredentialSet(start)
            reading.hasStarted = true
            reading.silenceLimit = Int64(start.silenceLimitMs) * 1_000_000
            store.begin(silenceLimitMs: start.silenceLimitMs, identityTime: event.timeMs)
            watchdog.setTimeout(.milliseconds(Int64(start.silenceLimitMs)))
        case .complete:
            guard let set = reading.building else { throw Broken("a stream is complete that has not started") }
            reading.building = nil
            reading.hasCompleted = true
            store.replace(set)
            logger.info("credentials are known", metadata: ["keys": "\(set.keyCount)"])
        case .some(let change):
            guard reading.hasStarted else { throw Broken("a change comes before the stream's start") }
            if reading.building != nil {
                try reading.building?.apply(change, now: now())
            } else {
                try store.apply(change, now: now())
            }
        case nil:
            guard reading.hasStarted else { throw Broken("a heartbeat comes before the stream's start") }
        }
        // What was known before says nothing of what happened since: a new stream counts once it is complete.
        guard reading.building == nil else { return }
        let lag = store.heard(identityTime: event.timeMs)
        // The end of a long first part is as old as its beginning, and the next event is not.
        if case .complete = event.event { return }
        // Identity's clock was set back, or the way has become slow: a new stream tells.
        if lag > reading.silenceLimit { throw Broken("events are too old when they come") }
    }
}

/// Calls back when nobody has reset it for a time.
private final class Watchdog: Sendable {
    private struct State {
        var timeout: Duration
        var last = ContinuousClock.now
        var task: Task<Void, Never>?
    }

    private let state: Mutex<State>

    init(_ timeout: Duration, _ bark: @escaping @Sendable () -> Void) {
        state = Mutex(State(timeout: timeout))
        let task = Task.detached { [weak self] in
            while !Task.isCancelled, let end = self?.end {
                guard ContinuousClock.now < end else { return bark() }
                try? await Task.sleep(until: end, clock: .continuous)
            }
        }
        state.withLock { $0.task = task }
    }

    private var end: ContinuousClock.Instant { state.withLock { $0.last + $0.timeout } }

    func reset() { state.withLock { $0.last = .now } }

    func setTimeout(_ timeout: Duration) { state.withLock { $0.timeout = timeout } }

    func stop() { state.withLock { $0.task }?.cancel() }
}
