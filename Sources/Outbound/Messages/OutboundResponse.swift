/// What a server answered. The head is complete; the body comes as it is read.
///
/// A response whose body is neither read to its end nor cancelled holds its connection until it is dropped.
public struct OutboundResponse: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    /// The address that answered, after redirects.
    public var url: WebURL
    /// The redirects that led there, first one first.
    public var redirects: [FollowedRedirect]
    public var connection: ConnectionInfo
    public var timings: OutboundTimings
    /// Decoded, unless the request said otherwise.
    public var body: ResponseBody
}

/// A response with all of its body.
public struct CollectedResponse: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    /// The address that answered, after redirects.
    public var url: WebURL
    public var redirects: [FollowedRedirect]
    public var connection: ConnectionInfo
    public var timings: OutboundTimings
    public var body: [UInt8]

    /// The body as UTF-8, with replacement characters for what is not.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// The connection that carried a response.
public struct ConnectionInfo: Sendable, Hashable {
    public enum Version: String, Sendable, Hashable {
        case http1_0 = "HTTP/1.0"
        case http1_1 = "HTTP/1.1"
        case http2 = "HTTP/2"
    }

    /// TLS as agreed on.
    public struct TLS: Sendable, Hashable {
        /// OpenSSL's name: `TLSv1.3`.
        public var version: String
        /// OpenSSL's name: `TLS_AES_256_GCM_SHA384`.
        public var cipher: String
    }

    public var version: Version
    /// The server's address, or the proxy's.
    public var remoteAddress: IPAddress?
    public var remotePort: UInt16
    /// Whether an earlier request had opened it.
    public var wasReused: Bool
    /// Nil for http, and for https through a proxy's tunnel where libcurl does not tell.
    public var tls: TLS?
}

/// Where the time went until the response's head was there, of the last address after redirects.
public struct OutboundTimings: Sendable, Hashable {
    /// Until the host's name was resolved; zero if it was an address.
    public var resolved: Duration = .zero
    /// From then on, until the transfer was handed to libcurl: the client's queue.
    public var queued: Duration = .zero
    /// From there on, as libcurl measures: until TCP was connected, zero on a connection that was there.
    public var connected: Duration = .zero
    /// Until TLS was agreed on.
    public var secured: Duration = .zero
    /// Until the request began to be sent.
    public var sent: Duration = .zero
    /// Until the first byte of the response.
    public var firstByte: Duration = .zero
    /// All of it, redirects included.
    public var total: Duration = .zero
}
