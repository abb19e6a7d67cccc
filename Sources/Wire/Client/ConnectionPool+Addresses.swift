import NIOCore
import Synchronization

// The addresses of a name, and how they change.
extension ConnectionPool {
    func mayResolveAgain(_ state: State) -> Bool {
        guard resolver.changes, !state.isResolving, !state.isShutDown else { return false }
        guard let last = state.resolvedAt else { return true }
        return NIODeadline.now() - last >= configuration.minResolveInterval
    }

    func beginResolving(_ state: inout State, _ actions: inout Actions) {
        state.isResolving = true
        actions.resolve = true
    }

    func resolve() {
        resolver.resolve { result in
            self.perform { state, actions in
                state.isResolving = false
                state.resolvedAt = .now()
                switch result {
                case .success(let kinds): self.update(&state, &actions, kinds)
                case .failure(let error):
                    state.lastError = error
                    // Nothing can be reached without an address: the look-up is tried again as connections are.
                    guard state.endpoints.isEmpty else { return }
                    for waiter in state.waiters where !waiter.waitsForReady {
                        actions.resume.append((waiter, .failure(error)))
                    }
                    state.waiters.removeAll { !$0.waitsForReady }
                    if !state.waiters.isEmpty {
                        state.isResolving = true
                        let pause = self.configuration.initialBackoff
                        self.eventLoops.contexts[0].loop.scheduleTask(in: pause) { self.resolve() }
                    }
                }
            }
        }
    }

    /// Takes over a new list of addresses without a look-up.
    func replaceAddresses(_ kinds: [Endpoint.Kind]) { perform { update(&$0, &$1, kinds) } }

    /// Takes over a new list of addresses; connections to those that stay are kept.
    private func update(_ state: inout State, _ actions: inout Actions, _ kinds: [Endpoint.Kind]) {
        var old = state.endpoints
        state.endpoints = kinds.map { kind in
            let endpoint = Endpoint(kind)
            guard let index = old.firstIndex(where: { $0.name == endpoint.name }) else { return endpoint }
            return old.remove(at: index)
        }
        for endpoint in old where !endpoint.connections.isEmpty {
            endpoint.isRemoved = true
            state.leaving.append(endpoint)
            for connection in endpoint.connections where connection.isReady {
                connection.isDraining = true
                actions.drain.append(connection)
            }
        }
    }
}
