public import Logging
public import NIOCore
import NIOPosix
public import ServiceLifecycle
import Synchronization

/// A gRPC server.
///
///     let server = Server(services: [Greeter()])
///     let address = try await server.listen(.tcp(host: "127.0.0.1", port: 50051))
///     try await server.run()
///
/// As a `Service` it drains on graceful shutdown: see `drain`.
public final class Server: Service, Sendable {
    public let configuration: ServerConfiguration
    private let logger: Logger
    let loops: [ServerLoop]
    let core: ServerCore
    private let eventLoops: EventLoops
    private let limiter: ConnectionLimiter
    private let state = Mutex(State())

    private struct State {
        var listeners: [any Channel] = []
        var isEnding = false
        var onDrain: [@Sendable () -> Void] = []
        var endWaiters: [CheckedContinuation<Void, Never>] = []
        var hasEnded = false
    }

    /// Makes a server; `listen` opens it.
    ///
    /// - Parameters:
    ///   - services: What it serves.
    ///   - interceptors: What each call passes through, first to last.
    ///   - onDrain: Called when a drain begins, before anything else: health services say NOT_SERVING here.
    public init(
        services: [any ServiceHandler] = [],
        router: Router = Router(),
        interceptors: [any ServerInterceptor] = [],
        configuration: ServerConfiguration = ServerConfiguration(),
        eventLoops: EventLoops = .shared,
        logger: Logger = Logger(label: "wire.server"),
        onDrain: @escaping @Sendable () -> Void = {}
    ) {
        var router = router
        for service in services { router.add(service) }
        self.configuration = configuration
        self.logger = logger
        self.eventLoops = eventLoops
        let core = ServerCore(router: router, interceptors: interceptors, configuration: configuration)
        self.core = core
        self.loops = eventLoops.contexts.map { ServerLoop(core: core, context: $0) }
        self.limiter = ConnectionLimiter(
            limit: configuration.maxConnections, limitPerAddress: configuration.maxConnectionsPerAddress)
        state.withLock { $0.onDrain.append(onDrain) }
        for case let draining as any DrainAware in services {
            state.withLock { $0.onDrain.append { draining.serverWillDrain() } }
        }
    }

    /// Calls running now.
    public var callsInFlight: Int { core.callsInFlight.load(ordering: .relaxed) }

    /// Whether a drain has begun.
    var isEnding: Bool { state.withLock { $0.isEnding } }

    // MARK: Listening

    /// Opens a listener; may be called several times, before or after `run`.
    ///
    /// - Returns: The address, with the port that the system chose.
    /// - Throws: NIO's error if the address cannot be bound; `CancellationError` if the server is ending.
    @discardableResult
    public func listen(_ address: ListenAddress, tls: (any TLSContextSource)? = nil) async throws -> ListenAddress {
        let bootstrap = ServerBootstrap(group: eventLoops.eventLoopGroup)
            .serverChannelOption(.backlog, value: Int32(clamping: configuration.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, tls: tls) }
            }
        let listener: any Channel
        var bound = address
        switch address {
        case .tcp(let host, let port):
            listener =
                try await bootstrap
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: host, port: port).get()
            bound = .tcp(host: host, port: listener.localAddress?.port ?? port)
        case .unix(let path):
            listener = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        }
        let isEnding = state.withLock { state in
            if !state.isEnding { state.listeners.append(listener) }
            return state.isEnding
        }
        if isEnding {
            try await listener.close()
            throw CancellationError()
        }
        logger.info("listening", metadata: ["address": "\(bound)", "tls": "\(tls != nil)"])
        return bound
    }

    /// Sets up an accepted connection, or refuses it if there are too many. On the connection's loop.
    private func accept(_ channel: any Channel, tls: (any TLSContextSource)?) throws {
        // A connection that the kernel took before the listener closed comes too late for a drain's GOAWAY.
        guard !core.isDraining.load(ordering: .relaxed) else { throw ConnectionRefused() }
        let peer = PeerInfo(channel: channel)
        if let limit = limiter.enter(peer.address) {
            core.metrics?.abused(limit)
            throw ConnectionRefused()
        }
        let limiter = self.limiter
        channel.closeFuture.whenComplete { _ in limiter.leave(peer.address) }
        let context = eventLoops.context(of: channel.eventLoop)
        guard let loop = loops.first(where: { $0.context === context }) else { throw ConnectionRefused() }
        let handler = HTTP2ChannelHandler(
            isServer: true, context: context, configuration: configuration.http2, peer: peer, delegate: loop)
        if let tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(server: tls.current)) }
        try channel.pipeline.syncOperations.addHandler(handler)
        loop.add(handler.connection)
    }

    private struct ConnectionRefused: Error {}

    // MARK: Life

    /// Serves until the task is cancelled or its service group shuts down, then drains.
    public func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { continuation in
                let hasEnded = state.withLock { state in
                    if !state.hasEnded { state.endWaiters.append(continuation) }
                    return state.hasEnded
                }
                if hasEnded { continuation.resume() }
            }
        } onCancelOrGracefulShutdown: {
            Task { await self.drain() }
        }
    }

    /// Ends the server in order: health goes NOT_SERVING, listeners close, connections get GOAWAY, calls in flight may
    /// finish for `grace` (the configuration's if nil), what is left is cancelled and awaited.
    public func drain(grace: TimeAmount? = nil) async {
        let grace = grace ?? configuration.drainGrace
        let begun: (listeners: [any Channel], hooks: [@Sendable () -> Void])? = state.withLock { state in
            guard !state.isEnding else { return nil }
            state.isEnding = true
            return (state.listeners, state.onDrain)
        }
        guard let begun else { return await awaitEnd() }
        for hook in begun.hooks { hook() }
        if configuration.drainDelay > .zero {
            try? await Task.sleep(nanoseconds: UInt64(configuration.drainDelay.nanoseconds))
        }
        core.isDraining.store(true, ordering: .relaxed)
        for listener in begun.listeners { try? await listener.close() }
        let deadline = NIODeadline.now() + grace
        for loop in loops { loop.context.run { loop.beginDrain(grace: grace) } }
        await withTaskGroup(of: Void.self) { group in
            for loop in loops {
                group.addTask {
                    let timer = loop.context.loop.scheduleTask(deadline: deadline) { loop.abort() }
                    await loop.whenEmpty()
                    timer.cancel()
                }
            }
        }
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.endWaiters = [] }
            return state.endWaiters
        }
        for waiter in waiters { waiter.resume() }
        logger.info("drained")
    }

    private func awaitEnd() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.endWaiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}

/// A service that must know when its server begins to drain.
public protocol DrainAware: Sendable {
    /// Called once, before listeners close.
    func serverWillDrain()
}
