public import Logging
import NIOCore
import NIOPosix
import PolicyModel
public import ServiceLifecycle
import Synchronization
public import Wire

/// The edge: one port for REST over HTTP/1.1 and HTTP/2 and for gRPC, encrypted or not.
///
///     let edge = EdgeServer(routes: routes, upstreams: ["identity": { channel }], guard: guard, tls: tls)
///     let address = try await edge.listen(.tcp(host: "0.0.0.0", port: 8443))
///     try await edge.run()
///
/// As a `Service` it drains on graceful shutdown: see `drain`.
public final class EdgeServer: Service, Sendable {
    private let core: EdgeCore
    private let loops: [EdgeLoop]
    private let acceptor: HTTP2Acceptor
    private let eventLoops: EventLoops
    private let limiter: ConnectionLimiter
    private let tls: (any TLSContextSource)?
    private let state = Mutex(State())

    private struct State {
        var listeners: [any Channel] = []
        var addresses: [ListenAddress] = []
        var isEnding = false
        var hasEnded = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Makes an edge; `listen` opens it.
    ///
    /// - Parameters:
    ///   - routes: What callers may reach.
    ///   - upstreams: The ways to the roles that serve it. Channels on the same `eventLoops` cost no thread hop.
    ///   - guard: Who is let in.
    ///   - pages: Pages of the edge itself by path, beside `/livez` and `/readyz`, which can be replaced.
    ///   - missingPages: What is shown in the place of pages below a prefix that there are not.
    ///   - isReady: What `/readyz` says.
    ///   - tls: Encrypts all connections; its ALPN protocols are to be `h2` and `http/1.1`. Nil: cleartext, HTTP/2 by
    ///     prior knowledge.
    ///   - accessLog: Where each request leaves its line; nil: where the process's loggers write.
    public init(
        configuration: EdgeConfiguration = EdgeConfiguration(), routes: RouteTable, upstreams: Upstreams,
        guard guardian: any RequestGuard, pages: [String: EdgePage] = [:],
        missingPages: [(prefix: String, page: EdgePage)] = [],
        isReady: @escaping @Sendable () -> Bool = { true }, tls: (any TLSContextSource)? = nil,
        eventLoops: EventLoops = .shared, accessLog: AccessLog? = nil,
        logger: Logger = Logger(label: "datavault.gateway")
    ) {
        var all = Self.standardPages(isReady)
        all.merge(pages) { _, new in new }
        let core = EdgeCore(
            configuration: configuration, routes: routes, upstreams: upstreams, guardian: guardian, pages: all,
            missingPages: missingPages, accessLog: accessLog ?? .standard, logger: logger,
            isEncrypted: tls != nil)
        self.core = core
        self.eventLoops = eventLoops
        self.tls = tls
        let loops = eventLoops.contexts.map { EdgeLoop(core: core, context: $0) }
        self.loops = loops
        limiter = ConnectionLimiter(
            limit: configuration.maxConnections, limitPerAddress: configuration.maxConnectionsPerAddress)
        acceptor = HTTP2Acceptor(
            configuration: configuration.effectiveHTTP2, eventLoops: eventLoops, handsOverLargeHeads: true,
            onAbuse: { kind in core.metrics?.refuse(kind) }
        ) { stream in
            guard let loop = loops.first(where: { $0.context === stream.context }) else { return }
            await core.handle(HTTP2Exchange(stream, loop: loop, configuration))
        }
    }

    private static func standardPages(_ isReady: @escaping @Sendable () -> Bool) -> [String: EdgePage] {
        let text = "text/plain; charset=utf-8"
        return [
            "/livez": EdgePage { EdgePage.Content(contentType: text, body: Array("ok\n".utf8)) },
            "/readyz": EdgePage {
                isReady()
                    ? EdgePage.Content(contentType: text, body: Array("ready\n".utf8))
                    : EdgePage.Content(status: 503, contentType: text, body: Array("not ready\n".utf8))
            },
        ]
    }

    /// Requests that are served now.
    public var requestsInFlight: Int { core.requestsInFlight }

    /// The TCP port of the first listener; nil before there is one.
    public var boundPort: Int? {
        state.withLock { state in
            for case .tcp(_, let port) in state.addresses { return port }
            return nil
        }
    }

    // MARK: Listening

    /// Opens a listener; may be called several times.
    ///
    /// - Returns: The address, with the port that the system chose.
    /// - Throws: NIO's error if the address cannot be bound; `CancellationError` if the edge is ending.
    @discardableResult
    public func listen(_ address: ListenAddress) async throws -> ListenAddress {
        let bootstrap = ServerBootstrap(group: eventLoops.eventLoopGroup)
            .serverChannelOption(.backlog, value: Int32(clamping: core.configuration.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try self.accept(channel) } }
        let listener: any Channel
        var bound = address
        switch address {
        case .tcp(let host, let port):
            listener = try await bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: host, port: port).get()
            bound = .tcp(host: host, port: listener.localAddress?.port ?? port)
        case .unix(let path):
            listener = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        }
        let isEnding = state.withLock { state in
            if !state.isEnding {
                state.listeners.append(listener)
                state.addresses.append(bound)
            }
            return state.isEnding
        }
        if isEnding {
            try await listener.close()
            throw CancellationError()
        }
        for loop in loops { loop.context.run { loop.start() } }
        core.logger.info("listening", metadata: ["address": "\(bound)", "tls": "\(tls != nil)"])
        return bound
    }

    private struct ConnectionRefused: Error {}

    /// Sets up an accepted connection, or refuses it if there are too many. On the connection's loop.
    private func accept(_ channel: any Channel) throws {
        let peer = PeerInfo(channel: channel)
        guard let loop = loops.first(where: { $0.context.loop === channel.eventLoop }), !loop.isDraining else {
            throw ConnectionRefused()
        }
        if let limit = limiter.enter(peer.address) {
            core.metrics?.refuse(limit)
            throw ConnectionRefused()
        }
        core.metrics?.connectionOpened()
        let (limiter, metrics) = (self.limiter, core.metrics)
        channel.closeFuture.whenComplete { _ in
            limiter.leave(peer.address)
            metrics?.connectionClosed()
        }
        let operations = channel.pipeline.syncOperations
        if let tls { try operations.addHandler(TLSHandler(server: tls.current)) }
        let isEncrypted = tls != nil
        let timeout = TimeAmount.nanoseconds(core.configuration.headTimeout.edgeNanoseconds)
        try operations.addHandler(
            ProtocolSelector(isEncrypted: isEncrypted, timeout: timeout) { [acceptor] isHTTP2 in
                if isHTTP2 { return try acceptor.addHandlers(to: channel) }
                try channel.pipeline.syncOperations.addHandler(
                    HTTP1Connection(loop: loop, peerAddress: peer.address, isEncrypted: isEncrypted))
            })
    }

    // MARK: Life

    /// Serves until its task is cancelled or its service group shuts down, then drains.
    public func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await awaitEnd()
        } onCancelOrGracefulShutdown: {
            Task { await self.drain() }
        }
    }

    /// Ends the edge in order: listeners close, idle connections end, requests in flight may finish for `grace` (the
    /// configuration's if nil), what is left is cut off.
    public func drain(grace: Duration? = nil) async {
        let grace = TimeAmount.nanoseconds((grace ?? core.configuration.drainGrace).edgeNanoseconds)
        let listeners: [any Channel]? = state.withLock { state in
            guard !state.isEnding else { return nil }
            state.isEnding = true
            return state.listeners
        }
        guard let listeners else { return await awaitEnd() }
        for listener in listeners { try? await listener.close() }
        await withTaskGroup(of: Void.self) { group in
            let acceptor = self.acceptor
            group.addTask { await acceptor.drain(grace: grace) }
            for loop in loops {
                group.addTask {
                    loop.context.run { loop.beginDrain() }
                    let timer = loop.context.loop.scheduleTask(in: grace) { loop.abort() }
                    await loop.whenEmpty()
                    timer.cancel()
                }
            }
        }
        await core.offload.shutDown()
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.endWaiters = [] }
            return state.endWaiters
        }
        for waiter in waiters { waiter.resume() }
        core.logger.info("drained")
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
