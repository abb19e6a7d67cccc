import Logging
import NIOCore
import Synchronization

/// A channel's connections: which call gets which, and when to make or drop one.
///
/// All decisions are made under one lock and return what is to be done outside of it.
final class ConnectionPool: Sendable {
    let configuration: ChannelConfiguration
    let connector: Connector
    let resolver: Resolver
    let logger: Logger
    let eventLoops: EventLoops
    let state: Mutex<State>

    struct State {
        var endpoints: [Endpoint] = []
        /// Addresses that the name has no more, while calls on their connections finish.
        var leaving: [Endpoint] = []
        var isResolving = false
        var resolvedAt: NIODeadline?
        var waiters: [Waiter] = []
        var nextWaiter = 0
        var turn = 0
        /// When an address that calls do without may be tried again; nil: none is missing. Round robin only: the
        /// others' connections would serve all calls for ever.
        var tryMissingAt: NIODeadline?
        var isShutDown = false
        var lastError: RPCError?
        var retryTimer: NIODeadline?
        var emptyWaiters: [CheckedContinuation<Void, Never>] = []

        var connections: [ManagedConnection] { (endpoints + leaving).flatMap(\.connections) }
    }

    struct Waiter {
        var id: Int
        var waitsForReady: Bool
        var continuation: CheckedContinuation<Result<ConnectionLease, RPCError>, Never>
    }

    /// What a decision leaves to be done without the lock.
    struct Actions {
        var connect: [(Endpoint, ManagedConnection)] = []
        var resume: [(Waiter, Result<ConnectionLease, RPCError>)] = []
        var resolve = false
        var wakeAt: NIODeadline?
        var drain: [ManagedConnection] = []
    }

    init(
        configuration: ChannelConfiguration,
        connector: Connector,
        resolver: Resolver,
        eventLoops: EventLoops,
        logger: Logger
    ) {
        self.configuration = configuration
        self.connector = connector
        self.resolver = resolver
        self.eventLoops = eventLoops
        self.logger = logger
        state = Mutex(State())
    }

    // MARK: Taking a stream

    /// A place on a ready connection, if there is one at once.
    func tryLease() -> ConnectionLease? {
        var isMissing = false
        var lacksOwn = false
        let lease = state.withLock { state -> ConnectionLease? in
            if let at = state.tryMissingAt, at <= .now() {
                state.tryMissingAt = nil
                isMissing = true
            }
            let lease = state.waiters.isEmpty ? take(&state) : nil
            if configuration.connectsEachLoop, let lease, !lease.connection.context.inLoop {
                lacksOwn = !lease.connection.endpoint.isConnecting
            }
            return lease
        }
        if lacksOwn, let lease, let own = eventLoops.contexts.first(where: \.inLoop) {
            perform { state, actions in
                if !state.isShutDown { connect(lease.connection.endpoint, &actions, .now(), on: own) }
            }
        }
        if isMissing {
            perform { state, actions in
                if !state.isShutDown { connectWhereNeeded(&state, &actions, .now(), onlyMissing: true) }
            }
        }
        return lease
    }

    /// A place on a connection; waits for one until `deadline`.
    ///
    /// - Throws: `RPCError`: UNAVAILABLE if no address can be reached and the call does not wait for that,
    ///   DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED if too many calls wait.
    func lease(waitForReady: Bool, deadline: NIODeadline) async throws -> ConnectionLease {
        if let lease = tryLease() { return lease }
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        var timer: Scheduled<Void>?
        if deadline != .distantFuture {
            timer = eventLoops.contexts[0].loop.scheduleTask(deadline: deadline) {
                self.failWaiter(id, .deadlineExceeded, "no connection in time")
            }
        }
        defer { timer?.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enqueue(Waiter(id: id, waitsForReady: waitForReady, continuation: continuation), deadline: deadline)
            }
        } onCancel: {
            failWaiter(id, .cancelled, "the calling task was cancelled")
        }
        return try result.get()
    }

    private func enqueue(_ waiter: Waiter, deadline: NIODeadline) {
        perform { state, actions in
            if state.isShutDown {
                actions.resume.append((waiter, .failure(Self.shutDownError)))
            } else if Task.isCancelled {
                let error = RPCError(code: .cancelled, message: "the calling task was cancelled")
                actions.resume.append((waiter, .failure(error)))
            } else if deadline <= .now() {
                let error = RPCError(code: .deadlineExceeded, message: "the deadline has passed")
                actions.resume.append((waiter, .failure(error)))
            } else if state.waiters.count >= configuration.maxQueuedCalls {
                let error = RPCError(code: .resourceExhausted, message: "too many calls wait for a connection")
                actions.resume.append((waiter, .failure(error)))
            } else {
                state.waiters.append(waiter)
            }
        }
    }

    private func failWaiter(_ id: Int, _ code: StatusCode, _ message: String) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: .failure(RPCError(code: code, message: message)))
    }

    /// A free stream by the channel's policy.
    private func take(_ state: inout State) -> ConnectionLease? {
        switch configuration.loadBalancing {
        case .pickFirst:
            guard let endpoint = state.endpoints.first(where: \.isReady) else { return nil }
            return take(from: endpoint)
        case .roundRobin:
            for offset in 0..<state.endpoints.count {
                let index = (state.turn + offset) % state.endpoints.count
                if let lease = take(from: state.endpoints[index]) {
                    state.turn = (index + 1) % state.endpoints.count
                    return lease
                }
            }
            return nil
        }
    }

    private func take(from endpoint: Endpoint) -> ConnectionLease? {
        var best: ManagedConnection?
        for connection in endpoint.connections
        where connection.isReady && !connection.isDraining && connection.streams < connection.maxStreams {
            // A connection on the caller's own loop costs no hop.
            if connection.context.inLoop {
                best = connection
                break
            }
            if best.map({ connection.streams < $0.streams }) ?? true { best = connection }
        }
        guard let best else { return nil }
        best.streams += 1
        return ConnectionLease(connection: best)
    }

    // MARK: Deciding

    /// Changes the state, then serves waiters and connects as that demands.
    func perform(_ change: (inout State, inout Actions) -> Void) {
        var actions = Actions()
        state.withLock { state in
            change(&state, &actions)
            advance(&state, &actions)
            if configuration.loadBalancing == .roundRobin {
                state.tryMissingAt = state.endpoints.filter { !$0.isReady && !$0.isConnecting }.map(\.retryAt).min()
            }
        }
        for (waiter, result) in actions.resume { waiter.continuation.resume(returning: result) }
        for connection in actions.drain {
            connection.context.run { connection.http2?.beginDrain(grace: .seconds(30)) }
        }
        for (endpoint, connection) in actions.connect { connector.connect(connection, to: endpoint) }
        if actions.resolve { resolve() }
        if let wakeAt = actions.wakeAt {
            eventLoops.contexts[0].loop.scheduleTask(deadline: wakeAt) {
                self.perform { state, _ in state.retryTimer = nil }
            }
        }
    }

    func advance(_ state: inout State, _ actions: inout Actions) {
        guard !state.isShutDown else { return }
        while let waiter = state.waiters.first, let lease = take(&state) {
            state.waiters.removeFirst()
            actions.resume.append((waiter, .success(lease)))
        }
        guard !state.waiters.isEmpty else { return }
        if state.endpoints.isEmpty {
            if !state.isResolving { beginResolving(&state, &actions) }
            return
        }
        let now = NIODeadline.now()
        connectWhereNeeded(&state, &actions, now)
        let isHopeful =
            state.isResolving || state.endpoints.contains { $0.isConnecting || $0.isReady }
        guard !isHopeful else { return }
        // Every address has failed: only calls that wait for ready go on waiting.
        let error =
            state.lastError ?? RPCError(code: .unavailable, message: "no address of the target can be reached")
        for waiter in state.waiters where !waiter.waitsForReady { actions.resume.append((waiter, .failure(error))) }
        state.waiters.removeAll { !$0.waitsForReady }
        if !state.waiters.isEmpty, state.retryTimer == nil, let next = state.endpoints.map(\.retryAt).min() {
            state.retryTimer = next
            actions.wakeAt = next
        }
    }

    /// Streams that calls have taken and not given back.
    var streamsInUse: Int { state.withLock { $0.connections.reduce(0) { $0 + $1.streams } } }
}
