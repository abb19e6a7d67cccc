public import NIOCore
import Synchronization

/// Serves plain HTTP/2 on connections that somebody else has accepted: the floor that gateways stand on.
///
/// Put `addHandlers` at the end of a NIO pipeline, after TLS or after the preface was recognized.
public final class HTTP2Acceptor: Sendable {
    /// Handlers run as tasks on their connection's loop, cancelled when the stream ends.
    public typealias Handler = @Sendable (HTTP2ServerStream) async -> Void

    /// The acceptor on one event loop.
    //
    // Unchecked: confined to the loop.
    final class Loop: HTTP2ConnectionDelegate, @unchecked Sendable {
        let context: LoopContext
        let handler: Handler
        let handsOverLargeHeads: Bool
        private let onAbuse: (@Sendable (AbuseKind) -> Void)?
        private var connections: [ObjectIdentifier: HTTP2Connection] = [:]
        var callsInFlight = 0
        private var isDraining = false
        private var emptyWaiters: [CheckedContinuation<Void, Never>] = []

        init(
            context: LoopContext, handler: @escaping Handler, handsOverLargeHeads: Bool = false,
            onAbuse: (@Sendable (AbuseKind) -> Void)?
        ) {
            self.context = context
            self.handler = handler
            self.handsOverLargeHeads = handsOverLargeHeads
            self.onAbuse = onAbuse
        }

        func add(_ connection: HTTP2Connection) {
            connections[ObjectIdentifier(connection)] = connection
            if isDraining { connection.beginDrain(grace: .seconds(1)) }
        }

        func makeStream(on connection: HTTP2Connection) -> HTTP2Stream? {
            // Handlers of streams that were reset go on until they notice; they count as the connection's.
            guard connection.openCount + connection.orphanedCalls < connection.configuration.maxConcurrentStreams
            else { return nil }
            return HTTP2ServerStream(context: context, acceptor: self)
        }

        func settingsReceived(on connection: HTTP2Connection) {}
        func goAwayReceived(on connection: HTTP2Connection) {}
        func abused(_ kind: AbuseKind, on connection: HTTP2Connection) { onAbuse?(kind) }
        func streamEnded(on connection: HTTP2Connection) {}

        func connectionClosed(_ connection: HTTP2Connection, _ error: HTTP2Error?) {
            connections.removeValue(forKey: ObjectIdentifier(connection))
            wakeIfEmpty()
        }

        func handlerEnded() {
            callsInFlight -= 1
            wakeIfEmpty()
        }

        func drain(grace: TimeAmount) async {
            await withCheckedContinuation { continuation in
                context.run {
                    self.isDraining = true
                    self.emptyWaiters.append(continuation)
                    for connection in self.connections.values { connection.beginDrain(grace: grace) }
                    self.wakeIfEmpty()
                }
            }
        }

        private func wakeIfEmpty() {
            guard connections.isEmpty, callsInFlight == 0, !emptyWaiters.isEmpty else { return }
            let waiters = emptyWaiters
            emptyWaiters = []
            for waiter in waiters { waiter.resume() }
        }
    }

    private let configuration: HTTP2Configuration
    private let eventLoops: EventLoops
    private let loops: [Loop]

    /// - Parameters:
    ///   - handsOverLargeHeads: Whether the handler itself answers requests whose head is over the configuration's bounds,
    ///     of which it sees a part: `HTTP2ServerStream.hasLargeHead`. Otherwise they are answered with a bare 431.
    ///   - onAbuse: Told of every overdrawn budget, for metrics.
    public init(
        configuration: HTTP2Configuration = HTTP2Configuration(),
        eventLoops: EventLoops = .shared,
        handsOverLargeHeads: Bool = false,
        onAbuse: (@Sendable (AbuseKind) -> Void)? = nil,
        handler: @escaping Handler
    ) {
        self.configuration = configuration
        self.eventLoops = eventLoops
        loops = eventLoops.contexts.map {
            Loop(context: $0, handler: handler, handsOverLargeHeads: handsOverLargeHeads, onAbuse: onAbuse)
        }
    }

    /// Adds the HTTP/2 handler at the end of `channel`'s pipeline. On the channel's loop, which must be one of the
    /// acceptor's.
    public func addHandlers(to channel: any Channel) throws {
        let context = eventLoops.context(of: channel.eventLoop)
        guard let loop = loops.first(where: { $0.context === context }) else { return }
        let handler = HTTP2ChannelHandler(
            isServer: true,
            context: context,
            configuration: configuration,
            peer: PeerInfo(channel: channel),
            delegate: loop
        )
        try channel.pipeline.syncOperations.addHandler(handler)
        loop.add(handler.connection)
    }

    /// Asks every connection to end, lets requests finish for `grace`, and returns when all have ended.
    public func drain(grace: TimeAmount) async {
        await withTaskGroup(of: Void.self) { group in
            for loop in loops { group.addTask { await loop.drain(grace: grace) } }
        }
    }
}
