import NIOCore
import Synchronization

// The end of a pool.
extension ConnectionPool {
    static let shutDownError = RPCError(code: .unavailable, message: "the channel is shut down")

    /// Takes no more calls, lets those that run finish for `grace`, and returns when every connection has ended.
    func shutDown(grace: TimeAmount) async {
        await withCheckedContinuation { beginShutDown(grace: grace, whenEmpty: $0) }
    }

    func beginShutDown(grace: TimeAmount, whenEmpty continuation: CheckedContinuation<Void, Never>?) {
        var drain: [ManagedConnection] = []
        var failed: [Waiter] = []
        state.withLock { state in
            state.isShutDown = true
            failed = state.waiters
            state.waiters = []
            drain = state.connections
            for connection in drain { connection.isDraining = true }
            if !drain.isEmpty, let continuation { state.emptyWaiters.append(continuation) }
        }
        for waiter in failed { waiter.continuation.resume(returning: .failure(Self.shutDownError)) }
        for connection in drain {
            connection.context.run {
                if connection.isReady { connection.http2?.beginDrain(grace: grace) } else { connection.abandon() }
            }
        }
        if drain.isEmpty { continuation?.resume() }
    }
}
