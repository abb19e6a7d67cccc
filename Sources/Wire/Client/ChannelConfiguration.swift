public import NIOCore

/// Where a channel's servers are.
public enum ChannelTarget: Sendable {
    /// These addresses, tried in order or in turn.
    case addresses([ServerAddress])
    /// All addresses that a host name resolves to; looked up again when connections fail.
    case dns(host: String, port: Int)
    /// A Unix domain socket.
    case unix(path: String)
    /// A server in this process, called without sockets. `uriNames` is who the server takes the caller for.
    case inProcess(Server, uriNames: [String] = [])
}

/// One TCP address.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    /// An IP address, or a name with a single address.
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// How a channel spreads calls over addresses.
public enum LoadBalancing: Sendable, Hashable {
    /// All calls go to the first address that can be reached.
    case pickFirst
    /// Calls go to all addresses that can be reached, in turn.
    case roundRobin
}

/// What a channel allows, keeps and waits for.
public struct ChannelConfiguration: Sendable {
    /// Limits of each connection.
    public var http2 = HTTP2Configuration()
    public var loadBalancing = LoadBalancing.pickFirst
    /// Connections to one address; a further one is opened only when the streams of the others run out.
    public var maxConnectionsPerAddress = 4
    /// Whether a call from one of the channel's loops that has no connection of its own has one made for it, beside that
    /// bound: later calls from there change no thread.
    public var connectsEachLoop = false
    /// Calls that wait for a connection or a free stream, in all.
    public var maxQueuedCalls = 10_000

    // MARK: Connecting

    /// The time that one attempt may take, TLS included.
    public var connectTimeout: TimeAmount = .seconds(20)
    /// Wait before the second attempt to reach an address.
    public var initialBackoff: TimeAmount = .seconds(1)
    /// The longest wait between attempts.
    public var maxBackoff: TimeAmount = .seconds(120)
    /// By which waits grow.
    public var backoffMultiplier = 1.6
    /// Share by which waits vary.
    public var backoffJitter = 0.2
    /// The shortest time between two look-ups of a name.
    public var minResolveInterval: TimeAmount = .seconds(5)

    // MARK: Calls

    public var waitForReady = false
    public var compression = Compression.identity
    /// Where large messages are packed and unpacked.
    public var compressionPool = CompressionPool.shared
    /// Bytes of one response message, unpacked.
    public var maxResponseMessageSize = 4 * 1024 * 1024
    /// Bytes of one request message.
    public var maxRequestMessageSize = 64 * 1024 * 1024
    /// When calls of idempotent methods are sent again.
    public var retry = RetryPolicy()
    /// The `:authority`; nil: the target's name.
    public var authority: String?
    /// Sent as `user-agent`.
    public var userAgent = "grpc-swift-wire/1.0"

    // MARK: Observation

    /// Whether calls are counted and timed through swift-metrics, under this prefix; nil: not at all.
    public var metricsPrefix: String? = "grpc_client"
    /// Whether calls become spans, and the trace context is passed on.
    public var isTraced = true

    public init() {
        http2.keepaliveInterval = nil
        http2.maxIdleTime = .minutes(30)
        // A client opens streams; it accepts none.
        http2.maxConcurrentStreams = 0
    }
}
