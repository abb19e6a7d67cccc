/// All that a client is made with. Each bound's default suits a role that fetches pages and calls interfaces.
public struct OutboundConfiguration: Sendable {
    /// The `User-Agent` of every request that brings none of its own: who asks, and where to complain.
    public var userAgent: String
    public var addressGuard = AddressGuard()
    public var timeouts = OutboundTimeouts()
    public var limits = OutboundLimits()
    public var connections = OutboundConnections()
    public var tls = OutboundTLS()
    /// Used for every request if set. Variables of the environment never are.
    public var proxy: OutboundProxy?
    /// How names become addresses.
    public var resolver: HostResolver
    /// HTTP/2 where the server offers it in the TLS handshake; otherwise HTTP/1.1 always.
    public var allowsHTTP2 = true

    public init(userAgent: String) {
        self.userAgent = userAgent
        resolver = .system()
    }
}

/// Bounds in time. A request's total includes waiting, redirects, and reading the body.
public struct OutboundTimeouts: Sendable, Hashable {
    /// For a name to be resolved.
    public var resolve: Duration = .seconds(10)
    /// For TCP and TLS, of all addresses of a host together.
    public var connect: Duration = .seconds(10)
    /// From when the request is sent until the response's head; while its body is being sent, `idle` holds.
    public var headers: Duration = .seconds(30)
    /// Without a byte in either direction, while both sides wait for the server.
    public var idle: Duration = .seconds(30)
    /// All of it.
    public var total: Duration = .seconds(300)

    public init() {}
}

/// Bounds in size.
public struct OutboundLimits: Sendable, Hashable {
    /// Bytes of an address.
    public var urlBytes = 8192
    /// Header fields of a request, and of a response with its interim ones and trailers.
    public var headerCount = 200
    /// Bytes of those fields. libcurl itself ends a response beyond 300 KiB.
    public var headerBytes = 64 << 10
    /// Bytes of a response's body as it comes over the connection.
    public var encodedBodyBytes = 64 << 20
    /// Bytes of a response's body after decoding.
    public var bodyBytes = 64 << 20
    /// Bytes of a response that wait for the caller; beyond, the connection is not read from.
    public var bufferedBytes = 256 << 10
    /// Bytes of a streamed request that wait for the connection.
    public var bufferedUploadBytes = 256 << 10
    /// Average of the last `timeouts.idle`, below which a body is given up; 0 for no such bound.
    public var minimumBytesPerSecond = 0
    /// `Content-Encoding`s in a row.
    public var contentEncodings = 2

    public init() {}
}

/// Bounds of connections and of work at hand.
public struct OutboundConnections: Sendable, Hashable {
    /// Connections to one host and port at once.
    public var maximumPerHost = 8
    /// Connections in all at once.
    public var maximumTotal = 256
    /// Connections kept open for later, within the total.
    public var maximumIdle = 128
    /// A connection idle for longer is not used again.
    public var maximumIdleTime: Duration = .seconds(60)
    /// A connection older than this is not used again, so that changes of addresses are followed.
    public var maximumAge: Duration = .seconds(600)
    /// Streams at once on one HTTP/2 connection.
    public var maximumStreams = 100
    /// Transfers under way at once.
    public var maximumActive = 512
    /// Requests that may wait for their turn; the next one is refused (`queueFull`).
    public var maximumQueued = 10_000

    public init() {}
}

/// TLS. Certificates are always verified, and nothing below TLS 1.2 is spoken.
public struct OutboundTLS: Sendable, Hashable {
    public enum Version: Sendable, Hashable {
        case tls1_2
        case tls1_3
    }

    /// A file of authorities in PEM that is trusted instead of the system's.
    public var authorities: String?
    /// A file with the client's certificate and its chain, in PEM.
    public var certificate: String?
    /// A file with the certificate's private key, in PEM and without a password.
    public var privateKey: String?
    public var minimumVersion = Version.tls1_2

    public init() {}
}

/// A proxy that speaks HTTP, over TLS if its address is https.
///
/// The guard then checks the proxy's address. It sees no address of a target, as the proxy connects to it: literal
/// addresses, `localhost` and ports in URLs are still refused here, but what names lead to the proxy must check.
public struct OutboundProxy: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public var url: WebURL
    public var username: String?
    /// Secret.
    public var password: String?

    public init(url: WebURL, username: String? = nil, password: String? = nil) {
        self.url = url
        self.username = username
        self.password = password
    }

    /// Without credentials.
    public var description: String { url.masked }
    public var debugDescription: String { description }
}
