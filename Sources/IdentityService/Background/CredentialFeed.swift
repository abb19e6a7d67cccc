import Foundation
import IdentityContract
import Logging
import Persistence
import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Synchronization
import Wire

extension SystemReason {
    static let tellGateways = SystemReason("tell gateways what callers' credentials are good for")
}

/// Looks for changes of credentials, whichever process made them, and hands them to this process's streams.
///
/// One look for all streams, every four fifths of a heartbeat and at once after a commit of this process. It is one state of
/// the store, of which pages of beginning streams are read, too: so what a stream is told is never older than what it was
/// told before. A look that finds nothing is a heartbeat: so each one proves that the store was read a moment ago. While the store cannot be read, or takes
/// longer than half the silence limit, there is none, and gateways fail closed rather than believe what may have been
/// revoked.
final class CredentialFeed: Service, Sendable {
    /// Times and bounds.
    struct Configuration: Sendable {
        /// The longest time between two events of a stream.
        var heartbeat: Duration = .milliseconds(250)
        /// How long a gateway believes what it knows without hearing anything.
        var silenceLimit: Duration = .milliseconds(1_000)
        /// The least time between two looks, however many changes are made.
        var spacing: Duration = .milliseconds(10)
        /// How long a stream may take nothing before it is cut off.
        var stall: Duration = .seconds(5)
        /// Keys of a page of a stream's first part.
        var page = 500
        /// Pages that one look reads.
        var pages = 8
        /// Events that wait for a stream.
        var maximumPending = 20_000
        /// Changes that are told one by one; after more of them in one look, streams begin anew.
        var maximumChanges = 5_000
        /// Streams of one certificate.
        var watchersPerPeer = 64
        /// Streams in all.
        var watchers = 1_024
        /// How long changes stay in their table. A process that could not look for half of it begins anew.
        var retention: Duration = .seconds(3_600)

        /// The defaults.
        init() {}

        /// Between two looks.
        var interval: Duration { heartbeat * 4 / 5 }
        /// How long a look may take to be worth telling.
        var patience: Duration { silenceLimit / 2 }
    }

    /// What one look found.
    private struct Look: Sendable {
        let position: ChangePosition
        let events: [CredentialPayload]
        /// In the order of those who asked for them.
        let pages: [(events: [CredentialPayload], next: SnapshotCursor)]
        let principalKeysChanged: Bool
        /// More has changed than is told one by one.
        let isTooMuch: Bool
    }

    private struct State {
        var subscriptions: [ObjectIdentifier: CredentialSubscription] = [:]
        /// Streams that wait for a page of their first part, in their order.
        var waiting: [CredentialSubscription] = []
        var principalListeners: [ObjectIdentifier: Wakeup] = [:]
        /// When the last look that succeeded began.
        var lastLook: ContinuousClock.Instant?
        var isDraining = false
    }

    let configuration: Configuration
    private let store: Store
    private let vault: VaultStore
    private let reader: CredentialReader
    private let tokens: any TokenTrust
    private let bell: Wakeup
    private let environment: IdentityEnvironment
    private let logger: Logger
    private let state = Mutex(State())

    init(
        store: Store, vault: VaultStore, reader: CredentialReader, tokens: any TokenTrust, bell: Wakeup,
        environment: IdentityEnvironment, configuration: Configuration = Configuration(), logger: Logger
    ) {
        (self.store, self.vault, self.reader, self.tokens) = (store, vault, reader, tokens)
        (self.bell, self.environment, self.configuration, self.logger) = (bell, environment, configuration, logger)
    }

    // MARK: Streams

    /// Begins to collect changes for a stream.
    ///
    /// - Throws: `IdentityError.tooManyWatchers`; UNAVAILABLE while the store cannot be read.
    func subscribe(peer: String) throws -> CredentialSubscription {
        let subscription = CredentialSubscription(peer: peer, maximumPending: configuration.maximumPending)
        try state.withLock { (state) throws -> Void in
            guard !state.isDraining else { throw RPCError(code: .unavailable, message: "the server is draining") }
            guard let last = state.lastLook, ContinuousClock.now - last < configuration.silenceLimit else {
                throw StoreError(.unavailable, "the store cannot be read at the moment")
            }
            guard state.subscriptions.count < configuration.watchers,
                state.subscriptions.values.count(where: { $0.peer == peer }) < configuration.watchersPerPeer
            else { throw IdentityError.tooManyWatchers }
            state.subscriptions[ObjectIdentifier(subscription)] = subscription
        }
        return subscription
    }

    /// Asks for the next page of a stream's first part, once the page before has been written.
    func readOn(_ subscription: CredentialSubscription) {
        state.withLock { $0.waiting.append(subscription) }
        bell.wake()
    }

    func end(_ subscription: CredentialSubscription) {
        state.withLock { state in
            state.subscriptions[ObjectIdentifier(subscription)] = nil
            state.waiting.removeAll { $0 === subscription }
        }
    }

    /// Wakes a stream of principal keys when they change, and when the server drains.
    func listen(_ wakeup: Wakeup) throws {
        try state.withLock { (state) throws -> Void in
            guard !state.isDraining else { throw RPCError(code: .unavailable, message: "the server is draining") }
            guard state.principalListeners.count < configuration.watchers else { throw IdentityError.tooManyWatchers }
            state.principalListeners[ObjectIdentifier(wakeup)] = wakeup
        }
    }

    func ignore(_ wakeup: Wakeup) {
        state.withLock { _ = $0.principalListeners.removeValue(forKey: ObjectIdentifier(wakeup)) }
    }

    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Ends all streams: they would hold the drain until its end, and their peers find another instance the sooner.
    func drain() {
        let (subscriptions, listeners): ([CredentialSubscription], [Wakeup]) = state.withLock { state in
            state.isDraining = true
            return (Array(state.subscriptions.values), Array(state.principalListeners.values))
        }
        for subscription in subscriptions {
            subscription.end(RPCError(code: .unavailable, message: "the server is draining"))
        }
        for listener in listeners { listener.wake() }
    }

    // MARK: Looking

    /// Looks until its task is cancelled or the group shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var position: ChangePosition?
            var problem: String?
            while !Task.isCancelled {
                let began = ContinuousClock.now
                do {
                    position = try await lookOnce(after: isStale(began) ? nil : position, began)
                    if problem != nil { logger.notice("credentials can be read again") }
                    problem = nil
                } catch  where !Task.isCancelled {
                    // Once for each kind of trouble: a look is made five times a second.
                    if problem != "\(error)" {
                        logger.error(
                            "credentials cannot be read, so gateways hear nothing", metadata: ["error": "\(error)"])
                    }
                    problem = "\(error)"
                } catch {}
                try? await Task.sleep(for: configuration.spacing)
                await bell.wait(for: max(configuration.interval - (ContinuousClock.now - began), .zero))
            }
        }
    }

    /// Whether changes may have been removed that were never looked at.
    private func isStale(_ now: ContinuousClock.Instant) -> Bool {
        state.withLock { $0.lastLook.map { now - $0 > configuration.retention / 2 } ?? true }
    }

    private func lookOnce(
        after position: ChangePosition?, _ began: ContinuousClock.Instant
    ) async throws -> ChangePosition {
        try await vault.verify()
        let asOf = environment.now() / 1_000
        // Those who begin while the store is read are told of this look, too, and have their first page in a later one.
        let readers: [CredentialSubscription] = state.withLock { Array($0.waiting.prefix(configuration.pages)) }
        let cursors = readers.map(\.cursor)
        let found = try await within(configuration.patience) { [self] in
            try await look(after: position, pages: cursors)
        }
        let subscriptions: [CredentialSubscription] = state.withLock { state in
            state.lastLook = began
            if !found.isTooMuch { state.waiting.removeAll { one in readers.contains { $0 === one } } }
            return Array(state.subscriptions.values)
        }
        for subscription in subscriptions {
            if found.isTooMuch {
                subscription.end(
                    RPCError(code: .unavailable, message: "too much has changed; the peer has to begin anew"))
            } else {
                let page = readers.firstIndex { $0 === subscription }.map { found.pages[$0] }
                subscription.offer(found.events, page: page, asOf: asOf, stall: configuration.stall)
            }
        }
        if found.principalKeysChanged {
            for listener in state.withLock({ Array($0.principalListeners.values) }) { listener.wake() }
        }
        return found.position
    }

    private func look(after position: ChangePosition?, pages cursors: [SnapshotCursor]) async throws -> Look {
        let (kind, maximum, now) = (store.kind, configuration.maximumChanges, environment.now())
        let page = configuration.page
        let (reader, tokens) = (reader, tokens)
        return try await store.system(.tellGateways).read { tx in
            let new = try CredentialChangeStore.position(kind, in: tx)
            guard let position,
                let changes = try CredentialChangeStore.changes(after: position, kind, maximum: maximum, in: tx)
            else { return Look(position: new, events: [], pages: [], principalKeysChanged: true, isTooMuch: true) }
            let events = try Self.events(changes, reader, tokens, now: now, in: tx)
            let pages = try cursors.map { try Self.page($0, count: page, reader, tokens, now: now, in: tx) }
            return Look(
                position: new, events: events, pages: pages, principalKeysChanged: changes.contains(.principalKeys),
                isTooMuch: false)
        }
    }

    private static func events(
        _ changes: Set<CredentialChange>, _ reader: CredentialReader, _ tokens: any TokenTrust, now: Int64,
        in tx: borrowing Transaction
    ) throws -> [CredentialPayload] {
        guard !changes.isEmpty else { return [] }
        var (keys, owners, organizations): (Set<String>, Set<UserID>, Set<OrganizationID>) = ([], [], [])
        var (revocations, isTokenKeys): (Set<Int64>, Bool) = ([], false)
        for change in changes {
            switch change {
            case .key(let id): keys.insert(id)
            case .owner(let user): owners.insert(user)
            case .networks(let organization): organizations.insert(organization)
            case .revocation(let id): revocations.insert(id)
            case .tokenKeys: isTokenKeys = true
            case .principalKeys: break
            }
        }
        // What takes rights away comes first.
        var events: [CredentialPayload] =
            revocations.isEmpty
            ? [] : try tokens.revocations(revocations, nowMilliseconds: now / 1_000, in: tx).map { .revocation($0) }
        events += try reader.networks(of: organizations, in: tx)
        if !owners.isEmpty { keys.formUnion(try reader.keyIDs(of: owners, in: tx)) }
        events += try reader.keys(keys, now: now, in: tx)
        if isTokenKeys {
            let all = try tokens.keys(in: tx)
            events.append(.tokenKeys(.with { $0.keys = all }))
        }
        return events
    }

    /// A page of all that is good now.
    private static func page(
        _ cursor: SnapshotCursor, count: Int, _ reader: CredentialReader, _ tokens: any TokenTrust, now: Int64,
        in tx: borrowing Transaction
    ) throws -> (events: [CredentialPayload], next: SnapshotCursor) {
        switch cursor {
        case .tokenKeys:
            let all = try tokens.keys(in: tx)
            return ([.tokenKeys(.with { $0.keys = all })], .revocations(after: .min))
        case .revocations(let id):
            let rows = try tokens.revocations(after: id, count: count, nowMilliseconds: now / 1_000, in: tx)
            let last = rows.count == count ? rows.last?.id : nil
            return (
                rows.map { .revocation($0.revocation) }, last.map { .revocations(after: $0) } ?? .networks(after: "")
            )
        case .networks(let id):
            let found = try reader.networks(after: id, count: count, in: tx)
            return (found.events, found.last.map { .networks(after: $0) } ?? .keys(after: ""))
        case .keys(let id):
            let found = try reader.keys(after: id, count: count, now: now, in: tx)
            return (found.events, found.last.map { .keys(after: $0) } ?? .done)
        case .done: return ([], .done)
        }
    }

    /// Gives up what takes too long: what it would find would be old.
    private func within<Result: Sendable>(
        _ time: Duration, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: time)
                return nil
            }
            defer { group.cancelAll() }
            guard let result = try await group.next(), let result else {
                throw StoreError(.timeout, "the store took longer to be read than gateways may wait")
            }
            return result
        }
    }
}
