import Logging
import NIOCore
import Synchronization

// When to make a connection, and what becomes of it.
extension ConnectionPool {
    func connectWhereNeeded(
        _ state: inout State, _ actions: inout Actions, _ now: NIODeadline, onlyMissing: Bool = false
    ) {
        switch configuration.loadBalancing {
        case .pickFirst:
            if let ready = state.endpoints.first(where: \.isReady) {
                connect(ready, &actions, now)
            } else if !state.endpoints.contains(where: \.isConnecting),
                let next = state.endpoints.first(where: { $0.retryAt <= now })
            {
                connect(next, &actions, now)
            }
        case .roundRobin:
            for endpoint in state.endpoints where !(onlyMissing && endpoint.isReady) {
                connect(endpoint, &actions, now)
            }
        }
    }

    /// Starts one connection to `endpoint`, if it may have one more.
    ///
    /// - Parameter own: The loop that is to have one; nil: any.
    func connect(_ endpoint: Endpoint, _ actions: inout Actions, _ now: NIODeadline, on own: LoopContext? = nil) {
        let live = endpoint.connections.filter { !$0.isDraining }
        guard !endpoint.isConnecting, endpoint.retryAt <= now else { return }
        if let own {
            // In one process the server's loops carry both ends.
            if case .inProcess = endpoint.kind { return }
            guard !live.contains(where: { $0.context === own }) else { return }
        } else {
            guard live.count < configuration.maxConnectionsPerAddress else { return }
        }
        endpoint.isConnecting = true
        let connection = ManagedConnection(
            context: own ?? connector.context(for: endpoint, connections: endpoint.connections.count),
            endpoint: endpoint,
            pool: self,
            isEncrypted: connector.isEncrypted
        )
        endpoint.connections.append(connection)
        actions.connect.append((endpoint, connection))
    }

    // MARK: What connections report

    func becameReady(_ connection: ManagedConnection, maxStreams: Int) {
        perform { state, actions in
            connection.maxStreams = maxStreams
            guard !connection.isReady else { return }
            connection.isReady = true
            connection.endpoint.isConnecting = false
            connection.endpoint.failures = 0
            if state.isShutDown || connection.endpoint.isRemoved {
                connection.isDraining = true
                actions.drain.append(connection)
            }
        }
    }

    func streamEnded(on connection: ManagedConnection) {
        let mustServe = state.withLock { state in
            connection.streams -= 1
            return !state.waiters.isEmpty
        }
        if mustServe { perform { _, _ in } }
    }

    func isGoingAway(_ connection: ManagedConnection) {
        perform { state, actions in
            connection.isDraining = true
            if mayResolveAgain(state) { beginResolving(&state, &actions) }
        }
    }

    /// Gives no more places on a connection that has none taken; false if some are.
    func retireIfUnused(_ connection: ManagedConnection) -> Bool {
        state.withLock { _ in
            guard connection.streams == 0 else { return false }
            connection.isDraining = true
            return true
        }
    }

    /// The connection has ended, or never came up.
    func closed(_ connection: ManagedConnection, _ error: RPCError?) {
        var emptied: [CheckedContinuation<Void, Never>] = []
        perform { state, actions in
            let endpoint = connection.endpoint
            guard let index = endpoint.connections.firstIndex(where: { $0 === connection }) else { return }
            endpoint.connections.remove(at: index)
            if endpoint.connections.isEmpty { state.leaving.removeAll { $0 === endpoint } }
            if !connection.isReady {
                endpoint.isConnecting = false
                endpoint.failures += 1
                endpoint.retryAt = .now() + backoff(failures: endpoint.failures)
                let why = error?.message ?? "the connection was closed before it was ready"
                state.lastError = RPCError(
                    code: .unavailable, message: "\(endpoint.name): \(why)", cause: error?.cause)
                logger.debug("cannot connect", metadata: ["address": "\(endpoint.name)", "reason": "\(why)"])
            }
            if mayResolveAgain(state) { beginResolving(&state, &actions) }
            if state.connections.isEmpty {
                emptied = state.emptyWaiters
                state.emptyWaiters = []
            }
        }
        for waiter in emptied { waiter.resume() }
    }

    private func backoff(failures: Int) -> TimeAmount {
        var wait = Double(configuration.initialBackoff.nanoseconds)
        for _ in 1..<max(1, min(failures, 64)) { wait *= configuration.backoffMultiplier }
        wait = min(wait, Double(configuration.maxBackoff.nanoseconds))
        let jitter = 1 + Double.random(in: -1...1) * configuration.backoffJitter
        return .nanoseconds(Int64(wait * jitter))
    }
}
