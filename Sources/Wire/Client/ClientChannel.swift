public import Logging
import Metrics
public import NIOCore
import NIOPosix
import ServiceContextModule
public import ServiceLifecycle
import Synchronization

/// A client's way to a service: connections to one target, made as they are needed and shared by all calls.
///
///     let channel = ClientChannel(.dns(host: "greeter.internal", port: 50051))
///     let greeter = Greeter.Client(channel)
///
/// A call made while serving another one inherits its deadline and trace context. As a `Service` the channel shuts down
/// gracefully.
public final class ClientChannel: Service, Sendable {
    public let configuration: ChannelConfiguration
    let pool: ConnectionPool
    let authority: String
    let isEncrypted: Bool
    let requestHead: ChannelHead
    let throttle = Mutex(RetryThrottle())
    let metrics: ClientMetrics?
    private let isRunning = Mutex(RunState())

    private struct RunState {
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Makes a channel. It connects when the first call is made.
    ///
    /// - Parameters:
    ///   - tls: What encrypts the connections; nil: cleartext.
    ///   - serverName: The name that the server's certificate must be for; nil: the target's.
    public init(
        _ target: ChannelTarget,
        tls: (any TLSContextSource)? = nil,
        serverName: String? = nil,
        configuration: ChannelConfiguration = ChannelConfiguration(),
        eventLoops: EventLoops = .shared,
        logger: Logger = Logger(label: "wire.client")
    ) {
        self.configuration = configuration
        let name: String
        switch target {
        case .addresses(let addresses): name = addresses.first.map(\.description) ?? "localhost"
        case .dns(let host, let port): name = "\(host):\(port)"
        case .unix, .inProcess: name = "localhost"
        }
        let host = serverName ?? Self.host(of: target)
        authority = configuration.authority ?? serverName ?? name
        isEncrypted = tls != nil
        requestHead = ChannelHead(
            authority: authority, userAgent: configuration.userAgent, isEncrypted: isEncrypted)
        // As on servers: counting for a backend that throws all away would cost some percent of a call.
        let isCounted = !(MetricsSystem.factory is NOOPMetricsHandler)
        metrics = configuration.metricsPrefix.flatMap { isCounted ? ClientMetrics(prefix: $0) : nil }
        pool = ConnectionPool(
            configuration: configuration,
            connector: Connector(configuration: configuration, eventLoops: eventLoops, tls: tls, serverName: host),
            resolver: Resolver(target),
            eventLoops: eventLoops,
            logger: logger
        )
    }

    // Calls hold their channel, so none runs; a connection that did would keep its server waiting for ever.
    deinit { pool.beginShutDown(grace: .zero, whenEmpty: nil) }

    private static func host(of target: ChannelTarget) -> String {
        switch target {
        case .addresses(let addresses): addresses.first?.host ?? "localhost"
        case .dns(let host, _): host
        case .unix, .inProcess: "localhost"
        }
    }

    /// Waits until the task is cancelled or its service group shuts down, then ends the channel.
    public func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { continuation in
                let hasEnded = isRunning.withLock { state in
                    if !state.hasEnded { state.waiters.append(continuation) }
                    return state.hasEnded
                }
                if hasEnded { continuation.resume() }
            }
        } onCancelOrGracefulShutdown: {
            Task { await self.shutDown() }
        }
    }

    /// Takes no more calls, lets those that run finish for `grace`, and closes the connections.
    public func shutDown(grace: TimeAmount = .seconds(10)) async {
        await pool.shutDown(grace: grace)
        let waiters = isRunning.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: What every call begins with

    /// The deadline of a call: the shorter of what it asks for and what the call that it serves has left.
    func deadline(_ options: CallOptions) -> NIODeadline {
        var deadline = options.timeout.map { NIODeadline.now() + $0 } ?? .distantFuture
        if let inherited = ServerContext.current?.deadline, inherited < deadline { deadline = inherited }
        return deadline
    }

    /// The fields that a call begins with.
    ///
    /// - Parameter span: The call's own; nil: none, and the current trace context is passed on.
    func head(_ options: CallOptions, _ span: ClientSpan?) throws -> RequestHead {
        if let problem = options.metadata.isEmpty ? nil : options.metadata.firstInvalid {
            throw RPCError(code: .invalidArgument, message: "request metadata: \(problem)")
        }
        var metadata = options.metadata
        if configuration.isTraced { metadata.injectTrace(of: span?.context ?? ServiceContext.current) }
        guard let authority = options.authority else {
            return RequestHead(channel: requestHead, metadata: metadata, prepared: options.prepared)
        }
        let own = ChannelHead(
            authority: authority, userAgent: configuration.userAgent, isEncrypted: requestHead.isEncrypted)
        return RequestHead(channel: own, metadata: metadata, prepared: options.prepared)
    }

    /// When `method` is sent again, if not said otherwise: only what changes nothing when it is done twice.
    func retryPolicy(_ method: MethodDescriptor, _ options: CallOptions) -> RetryPolicy {
        if let policy = options.retry { return policy }
        return method.idempotency == .unknown ? .none : configuration.retry
    }
}
