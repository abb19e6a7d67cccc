import NIOCore
import Synchronization

/// One server on one event loop: its connections, its idle call objects and its calls in flight.
//
// Unchecked: confined to the loop.
@safe
final class ServerLoop: HTTP2ConnectionDelegate, @unchecked Sendable {
    let core: ServerCore
    let context: LoopContext
    @safe @exclusivity(unchecked) private var connections: [ObjectIdentifier: HTTP2Connection] = [:]
    @safe @exclusivity(unchecked) private var idleCalls: [ServerContext] = []
    @safe @exclusivity(unchecked) private var callsInFlight = 0
    @exclusivity(unchecked) private var emptyWaiters: [UnsafeContinuation<Void, Never>] = unsafe []

    @safe @exclusivity(unchecked) private var idleWorkers: [CallWorker] = []
    @safe @exclusivity(unchecked) private var hasEnded = false

    /// Workers that wait for their next call.
    private static let idleWorkerLimit = 256
    /// Call objects kept for later calls, with their buffers.
    private static let idleCallLimit = 256

    init(core: ServerCore, context: LoopContext) {
        self.core = core
        self.context = context
    }

    // MARK: Connections

    func add(_ connection: HTTP2Connection) {
        connections[ObjectIdentifier(connection)] = connection
        core.metrics?.connectionOpened()
        if core.isDraining.load(ordering: .relaxed) { connection.beginDrain(grace: core.configuration.drainGrace) }
    }

    func connectionClosed(_ connection: HTTP2Connection, _ error: HTTP2Error?) {
        if connections.removeValue(forKey: ObjectIdentifier(connection)) != nil { core.metrics?.connectionClosed() }
        wakeIfEmpty()
    }

    func settingsReceived(on connection: HTTP2Connection) {}
    func goAwayReceived(on connection: HTTP2Connection) {}
    func streamEnded(on connection: HTTP2Connection) {}

    func abused(_ kind: AbuseKind, on connection: HTTP2Connection) { core.metrics?.abused(kind) }

    func abused(_ kind: AbuseKind, on connection: HTTP2Connection?) { core.metrics?.abused(kind) }

    // MARK: Calls

    func makeStream(on connection: HTTP2Connection) -> HTTP2Stream? {
        // Handlers of streams that were reset go on until they notice; they count as the connection's.
        guard connection.openCount + connection.orphanedCalls < connection.configuration.maxConcurrentStreams else {
            core.metrics?.abused(.streams)
            return nil
        }
        return idleCalls.popLast() ?? ServerContext(context: context, server: self)
    }

    func recycle(_ call: ServerContext) {
        guard idleCalls.count < Self.idleCallLimit, !hasEnded else { return }
        call.prepareForReuse()
        idleCalls.append(call)
    }

    func nextWorker() -> CallWorker { idleWorkers.popLast() ?? CallWorker(context: context, loop: self) }

    /// Keeps a worker for its next call; false if there are enough, or the server ends.
    func park(_ worker: CallWorker) -> Bool {
        guard idleWorkers.count < Self.idleWorkerLimit, !hasEnded else { return false }
        idleWorkers.append(worker)
        return true
    }

    func callBegan(_ call: ServerContext) {
        if core.metrics != nil { call.startTime = .now() }
    }

    /// Takes a place among the calls in flight; false if there is none, or the call's connection has too many.
    func mayStartCall(on connection: HTTP2Connection?) -> Bool {
        let count = core.callsInFlight.add(1, ordering: .relaxed).newValue
        let free = core.configuration.maxCallsInFlight - count + 1
        // The dynamic threshold of shared buffers (Choudhury and Hahne, 1998): the scarcer places are, the fewer may one
        // connection have. The call itself is among its connection's streams already.
        let others = connection.map { $0.openCount - 1 + $0.orphanedCalls } ?? 0
        guard free > 0, others / max(core.configuration.callShare, 1) < free else {
            core.callsInFlight.subtract(1, ordering: .relaxed)
            core.metrics?.abused(.calls)
            return false
        }
        callsInFlight += 1
        return true
    }

    func callEnded(_ call: ServerContext) {
        core.callsInFlight.subtract(1, ordering: .relaxed)
        callsInFlight -= 1
        if unsafe !emptyWaiters.isEmpty { wakeIfEmpty() }
    }

    func statusDecided(_ call: ServerContext) {
        guard let metrics = core.metrics else { return }
        (call.registered?.metrics ?? metrics.unknownMethod).record(call)
    }

    // MARK: End

    /// Asks every connection to end; open calls have `grace`.
    func beginDrain(grace: TimeAmount) {
        context.turn { for connection in connections.values { connection.beginDrain(grace: grace) } }
    }

    /// Ends every connection now, which cancels its calls.
    func abort() {
        for connection in Array(connections.values) { connection.abort() }
    }

    /// Returns when no connection and no call is left.
    func whenEmpty() async {
        await unsafe withUnsafeContinuation { continuation in
            context.run {
                unsafe self.emptyWaiters.append(continuation)
                self.wakeIfEmpty()
            }
        }
    }

    private func wakeIfEmpty() {
        guard connections.isEmpty, callsInFlight == 0 else { return }
        guard unsafe !emptyWaiters.isEmpty else { return }
        // No call will come: tasks that wait for one would outlive the loop.
        hasEnded = true
        for worker in idleWorkers { worker.retire() }
        idleWorkers.removeAll()
        idleCalls.removeAll()
        let waiters = unsafe emptyWaiters
        unsafe emptyWaiters.removeAll()
        unsafe waiters.forEach { unsafe $0.resume() }
    }
}
