import NIOCore
public import Policy
public import Wire

/// What the edge allows, holds and waits for. Each bound has a setting of the same meaning in `EdgeSettings`.
public struct EdgeConfiguration: Sendable {
    // MARK: Requests

    /// Bytes of all header fields of a request, names and values; more is answered with 431.
    public var maxHeaderBytes = 16 * 1024
    /// Header fields of a request; more is answered with 431.
    public var maxHeaderCount = 100
    /// Bytes of a request's target, path and query; more is answered with 414.
    public var maxTargetLength = 8 * 1024
    /// Bytes of a body that becomes one message; more is answered with 413.
    public var maxBodyBytes = 4 * 1024 * 1024
    /// Bytes of a body that is sent on in pieces; more is answered with 413.
    public var maxUploadBytes = 1024 * 1024 * 1024
    /// Other bounds of a body for single methods, by `/package.Service/Method`.
    public var bodyBytesOfMethods: [String: Int] = [:]
    /// Bytes of one piece of an upload, as the service gets it.
    public var uploadPieceBytes = 64 * 1024
    /// Bytes of a body that wait to be taken before no more are read.
    public var maxWaitingBytes = 256 * 1024
    /// Requests of one HTTP/1.1 connection that wait for the one before them; then no more are read.
    public var maxPipelinedRequests = 16

    // MARK: Time

    /// From a request's first byte to the end of its head; later is answered with 408.
    public var headTimeout: Duration = .seconds(10)
    /// From a request's head to the end of its body; later is answered with 408.
    public var requestTimeout: Duration = .seconds(60)
    /// The same for bodies that are sent on in pieces.
    public var uploadTimeout: Duration = .seconds(3_600)
    /// Bytes a second of a body, on average; slower is answered with 408.
    public var minimumBodyRate = 256
    /// From a request's head until its rate is looked at.
    public var bodyRateGrace: Duration = .seconds(5)
    /// The longest that a client may take no bytes of an answer that waits for it.
    public var writeTimeout: Duration = .seconds(30)
    /// Between two requests of an HTTP/1.1 connection.
    public var idleTimeout: Duration = .seconds(75)
    /// The time that a call may take if its caller names none.
    public var defaultCallTimeout: Duration = .seconds(30)
    /// The longest that a caller may ask for.
    public var maxCallTimeout: Duration = .seconds(300)
    /// The longest that a stream lasts, upload or download.
    public var maxStreamDuration: Duration = .seconds(3_600)
    /// Between two signs of life of a stream that has nothing to say.
    public var heartbeatInterval: Duration = .seconds(15)
    /// The longest that a caller who is refused waits until its service has recorded that.
    public var denialTimeout: Duration = .seconds(5)
    /// From the start of a drain to the moment at which requests in flight are cut off.
    public var drainGrace: Duration = .seconds(30)

    // MARK: Capacity

    /// Connections in all.
    public var maxConnections = 20_000
    /// Connections from one address.
    public var maxConnectionsPerAddress = 1_000
    /// Requests that are served at once; more are answered with 503.
    public var maxRequestsInFlight = 10_000
    /// Bodies over this many bytes are turned into messages, and hashed, on threads of their own.
    public var offloadBytes = 128 * 1024
    /// Those threads.
    public var offloadThreads = 2
    /// Bodies that may wait for those threads; more are answered with 503.
    public var maxOffloaded = 256
    /// Where signed uploads lie until their digest is verified.
    public var spoolFolder = "/tmp"
    /// Signed uploads that may lie there at once; more are answered with 503.
    public var maxSpools = 64
    /// Bytes that they may take together; more are answered with 503.
    public var maxSpoolBytes = 4 * 1024 * 1024 * 1024
    /// Connections that the kernel holds before they are accepted.
    public var backlog = 1024

    // MARK: Answers

    /// Which pages of other origins may call.
    public var crossOrigin = CrossOriginPolicy()
    /// How long browsers stay with TLS; zero: not said.
    public var strictTransportAge: Duration = .seconds(31_536_000)
    /// Whether requests become spans where the process has a tracer.
    public var isTraced = true
    /// Whether each request leaves a line.
    public var logsRequests = true
    /// Networks of proxies whose word on the client's address and scheme is believed: `X-Forwarded-For`,
    /// `X-Forwarded-Proto`.
    public var trustedProxies: [NetworkBlock] = []

    /// What HTTP/2 connections allow beyond that.
    public var http2 = HTTP2Configuration()

    /// The defaults.
    public init() {}

    /// The HTTP/2 configuration with this one's bounds.
    var effectiveHTTP2: HTTP2Configuration {
        var http2 = http2
        // HTTP/2 counts 32 bytes more for each field (RFC 9113, section 6.5.2).
        http2.maxHeaderListSize = maxHeaderBytes + maxTargetLength + 32 * (maxHeaderCount + 4)
        http2.maxHeaderCount = maxHeaderCount + 4
        http2.stallTimeout = .nanoseconds(writeTimeout.edgeNanoseconds)
        return http2
    }
}

/// Which pages of other origins may call (CORS, https://fetch.spec.whatwg.org).
public struct CrossOriginPolicy: Sendable, Equatable {
    /// Origins as `https://app.example.org`; `*` is any. None: nobody may.
    public var origins: Set<String> = []
    /// Header fields that such pages may send.
    public var headers = [
        "authorization", "content-type", "content-digest", "idempotency-key", "signature", "signature-input",
        "x-api-key", "x-request-id", "x-request-timeout",
    ]
    /// Header fields of answers that such pages may read.
    public var exposedHeaders = [
        "deprecation", "ratelimit", "ratelimit-policy", "retry-after", "sunset", "x-request-id",
    ]
    /// How long a browser remembers the answer to its question.
    public var maxAge: Duration = .seconds(600)

    /// Nobody may.
    public init() {}

    func allows(_ origin: String) -> Bool { origins.contains("*") || origins.contains(origin) }
}

extension Duration {
    /// Whole nanoseconds, at most what an Int64 holds.
    var edgeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds < Int64.max / 1_000_000_000 - 1 else { return .max / 4 }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
