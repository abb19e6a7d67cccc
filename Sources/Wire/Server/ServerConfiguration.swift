public import NIOCore

/// What a server allows and waits for, beside what each of its connections does.
public struct ServerConfiguration: Sendable {
    /// Limits of each connection.
    public var http2 = HTTP2Configuration()

    // MARK: Calls

    /// Bytes of one request message, unpacked.
    public var maxRequestMessageSize = 4 * 1024 * 1024
    /// Bytes of one reply message.
    public var maxResponseMessageSize = 64 * 1024 * 1024
    /// Handlers that may run at once, in all. One whose client has gone counts until it returns.
    public var maxCallsInFlight = 10_000
    /// How often over a connection may have the places that are still free among `maxCallsInFlight`: with 4 a connection
    /// alone may take four fifths of them, two may take four ninths each, and one that comes later finds a place.
    public var callShare = 4
    /// The longest that a call may take, whatever its client asks; nil: as long as the client asks.
    public var maxCallDuration: TimeAmount?
    /// The time in which a request that is one message must have arrived, even if its deadline is later.
    public var requestTimeout: TimeAmount = .seconds(60)
    /// How replies are compressed where a handler does not say.
    public var compression = Compression.identity
    /// Where large messages are packed and unpacked.
    public var compressionPool = CompressionPool.shared

    // MARK: Connections

    /// Connections in all.
    public var maxConnections = 20_000
    /// Connections from one IP address.
    public var maxConnectionsPerAddress = 20_000
    /// Connections that the kernel holds before they are accepted.
    public var backlog = 1024

    // MARK: End

    /// From the start of a drain to the moment at which calls in flight are cancelled.
    public var drainGrace: TimeAmount = .seconds(30)
    /// From NOT_SERVING to GOAWAY, so that load balancers see it first.
    public var drainDelay: TimeAmount = .zero

    // MARK: Observation

    /// Whether calls are counted and timed through swift-metrics, under this prefix; nil: not at all.
    public var metricsPrefix: String? = "grpc_server"
    /// Whether calls become spans of swift-distributed-tracing, and `traceparent` is passed on.
    public var isTraced = true

    public init() {}
}
