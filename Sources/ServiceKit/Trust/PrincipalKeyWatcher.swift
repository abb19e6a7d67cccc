import Foundation
import IdentityContract
public import Logging
public import Policy
public import ServiceLifecycle
import Synchronization
public import Wire

/// Keeps a process's `PrincipalKeys` as Identity lists them.
///
///     let keys = PrincipalKeys()
///     let watcher = PrincipalKeyWatcher(keys) { try identity.channel() }
///
/// While Identity is away all known keys stay good, each until its own listing ends: a role goes on serving those whose
/// gateways it knows. It connects anew with growing pauses, and at once when Identity was silent for three heartbeats.
public final class PrincipalKeyWatcher: Service, Sendable {
    /// Bounds.
    public struct Configuration: Sendable {
        /// The longest pause before the first new attempt; doubled with each further one. The pause is random below it.
        public var firstPause: Duration = .milliseconds(200)
        /// The longest pause before any attempt.
        public var longestPause: Duration = .seconds(5)
        /// Heartbeats that may stay out before the connection is given up.
        public var missedHeartbeats = 3
        /// How long the first message may stay out.
        public var firstMessage: Duration = .seconds(10)
        /// How often silence and the ends of listings are looked at.
        public var tick: Duration = .milliseconds(500)
        /// Keys that are taken at most.
        public var maximumKeys = 1_000
        /// Milliseconds since 1970.
        public var now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) }

        /// The defaults.
        public init() {}
    }

    private struct State {
        var list = PrincipalKeyList()
        /// When the present stream was last heard, and how long it may be silent.
        var heard = ContinuousClock.now
        var silence = Duration.zero
        var isListening = false
    }

    private struct Silent: Error, CustomStringConvertible {
        let description = "Identity has been silent for too long"
    }

    private let keys: PrincipalKeys
    private let channel: @Sendable () throws -> ClientChannel
    private let configuration: Configuration
    private let logger: Logger
    private let state = Mutex(State())

    /// Feeds `keys`.
    ///
    /// - Parameter channel: The way to Identity, as `Peer.channel` gives it; asked at each attempt.
    public init(
        _ keys: PrincipalKeys, configuration: Configuration = Configuration(),
        logger: Logger = Logger(label: "datavault.trust"), channel: @escaping @Sendable () throws -> ClientChannel
    ) {
        (self.keys, self.channel, self.configuration, self.logger) = (keys, channel, configuration, logger)
    }

    /// Holds once Identity has listed its keys, and for as long as one of them is good or Identity is heard: an empty list
    /// is an answer, too, as a gateway lists its key when it starts. With keys of the operator's it always holds.
    public var check: ReadinessCheck {
        ReadinessCheck("principal keys") { [self] in
            let (hasHeard, isListening, isEmpty) = state.withLock {
                ($0.list.hasHeard, $0.isListening, $0.list.entries.isEmpty)
            }
            // Who was told by its operator need not wait for Identity's word.
            if keys.hasFixed { return }
            guard hasHeard else {
                throw SuiteFailure("identity has not yet told which keys principals are signed with")
            }
            guard isListening || !isEmpty else {
                throw SuiteFailure("identity is away, and no key that principals are signed with is good any more")
            }
        }
    }

    /// Watches until its task is cancelled or the group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.keepListening() }
                group.addTask { await self.keepExpiring() }
            }
        }
    }

    private func keepListening() async {
        var pause = configuration.firstPause
        while !Task.isCancelled {
            let before = state.withLock { $0.heard }
            do { try await listen() } catch  where !Task.isCancelled {
                logger.debug("the stream of principal keys has ended", metadata: ["error": "\(error)"])
            } catch {}
            let hasHeard = state.withLock { state in
                state.isListening = false
                return state.heard != before
            }
            pause = hasHeard ? configuration.firstPause : min(pause * 2, configuration.longestPause)
            // Random, so that roles that lost Identity together do not come back together.
            try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
        }
    }

    private func listen() async throws {
        let client = Datavault_Identity_V1_TrustService.Client(try channel())
        let began = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let stream = try await client.watchPrincipalKeys(Datavault_Identity_V1_WatchPrincipalKeysRequest())
                for try await told in stream { self.take(told) }
            }
            group.addTask { try await self.guardAgainstSilence(since: began) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func guardAgainstSilence(since began: ContinuousClock.Instant) async throws {
        while true {
            try await Task.sleep(for: configuration.tick)
            let (heard, silence) = state.withLock { ($0.heard, $0.silence) }
            let isFirst = heard < began
            if ContinuousClock.now - max(heard, began) > (isFirst ? configuration.firstMessage : silence) {
                throw Silent()
            }
        }
    }

    private func take(_ told: Datavault_Identity_V1_PrincipalKeys) {
        let heartbeat = Duration.milliseconds(max(Int64(told.heartbeatMs), 1))
        let changed = state.withLock { state -> Int? in
            (state.heard, state.isListening) = (.now, true)
            state.silence = max(heartbeat * configuration.missedHeartbeats, configuration.tick * 2)
            // Verdicts are forgotten with each replacement, so a heartbeat makes none.
            guard state.list.take(told, now: configuration.now(), maximum: configuration.maximumKeys) else {
                return nil
            }
            keys.replace(with: state.list.keys)
            return state.list.entries.count
        }
        if let changed { logger.info("principal keys have changed", metadata: ["count": "\(changed)"]) }
    }

    private func keepExpiring() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: configuration.tick)
            let hasEnded = state.withLock { state in
                guard state.list.expire(now: configuration.now()) else { return false }
                keys.replace(with: state.list.keys)
                return true
            }
            if hasEnded { logger.notice("the listing of a principal key has ended") }
        }
    }
}
