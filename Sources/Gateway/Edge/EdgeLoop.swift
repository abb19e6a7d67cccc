import NIOCore
import Wire

/// What the edge keeps for one event loop: its connections, its requests, its clock.
//
// Unchecked: confined to the loop.
final class EdgeLoop: @unchecked Sendable {
    let context: LoopContext
    let core: EdgeCore
    private var connections: [ObjectIdentifier: HTTP1Connection] = [:]
    /// Requests that wait for bodies or stream, whatever their connection.
    private var watched: [ObjectIdentifier: any Exchange] = [:]
    private var sweeper: RepeatedTask?
    private var emptyWaiters: [CheckedContinuation<Void, Never>] = []
    @safe @exclusivity(unchecked) private(set) var isDraining = false
    /// `Date` of answers.
    @safe @exclusivity(unchecked) private(set) var date = ""
    private var dateSeconds = 0
    @safe @exclusivity(unchecked) var identifiers = RequestIdentifiers()
    let log: AccessLogBuffer
    let metrics: EdgeLoopMetrics

    /// Between two looks at what has taken too long.
    private static let sweepInterval = TimeAmount.milliseconds(200)

    init(core: EdgeCore, context: LoopContext) {
        (self.core, self.context) = (core, context)
        log = AccessLogBuffer(core.accessLog)
        metrics = EdgeLoopMetrics(core.metrics)
        tellTime()
    }

    // MARK: Life

    func start() {
        guard sweeper == nil else { return }
        sweeper = context.loop.scheduleRepeatedTask(initialDelay: Self.sweepInterval, delay: Self.sweepInterval) {
            [weak self] _ in self?.sweep()
        }
    }

    private func stop() {
        sweeper?.cancel()
        sweeper = nil
        log.flush()
    }

    func beginDrain() {
        isDraining = true
        for connection in Array(connections.values) { connection.drain() }
        wakeIfEmpty()
    }

    /// Ends every connection of HTTP/1.1 now, which cancels its request.
    func abort() {
        for connection in Array(connections.values) { connection.close() }
    }

    /// Returns when no connection of HTTP/1.1 is left.
    func whenEmpty() async {
        await withCheckedContinuation { continuation in
            context.run {
                self.emptyWaiters.append(continuation)
                self.wakeIfEmpty()
            }
        }
    }

    private func wakeIfEmpty() {
        guard isDraining, connections.isEmpty, !emptyWaiters.isEmpty else { return }
        stop()
        for waiter in emptyWaiters { waiter.resume() }
        emptyWaiters = []
    }

    // MARK: Connections and requests

    func add(_ connection: HTTP1Connection) {
        connections[ObjectIdentifier(connection)] = connection
        if isDraining { connection.drain() }
    }

    func remove(_ connection: HTTP1Connection) {
        connections[ObjectIdentifier(connection)] = nil
        wakeIfEmpty()
    }

    func watch(_ exchange: any Exchange) { watched[ObjectIdentifier(exchange)] = exchange }
    func unwatch(_ exchange: any Exchange) { watched[ObjectIdentifier(exchange)] = nil }

    // MARK: Time

    private func sweep() {
        context.turn {
            tellTime()
            let now = NIODeadline.now()
            for connection in Array(connections.values) { connection.look(now) }
            let heartbeat = TimeAmount.nanoseconds(core.configuration.heartbeatInterval.edgeNanoseconds)
            for exchange in Array(watched.values) {
                if !exchange.bodyHasEnded, !exchange.isTooSlow, exchange.isLate(now, core.configuration) {
                    exchange.bodyIsTooSlow()
                }
                if let beat = exchange.heartbeat, now - exchange.lastWrite >= heartbeat {
                    exchange.lastWrite = now
                    beat()
                }
            }
            log.flush()
        }
    }

    private func tellTime() {
        let seconds = WallClock.seconds()
        guard seconds != dateSeconds else { return }
        dateSeconds = seconds
        date = HTTPDate.text(seconds)
    }
}
