/// Why a request failed, or was not made.
///
/// Text in it never holds secrets: addresses come without user information and with their query's values masked, headers
/// are named and not shown.
public struct OutboundError: Error, Sendable, CustomStringConvertible {
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The request cannot be sent as it is: a header, a method, a bound.
        case invalidRequest
        /// The address is not one of http or https that can be read without doubt.
        case invalidURL
        /// The guard refuses the address that the host's name leads to, or that the URL names.
        case addressRefused
        /// The guard refuses the port.
        case portRefused
        /// A redirect leads where it may not: from https to http, to a scheme or form that is refused, or with a body that
        /// cannot be sent twice.
        case redirectRefused
        /// More redirects than the request allows.
        case tooManyRedirects
        /// The host's name does not exist, or has no address.
        case nameNotFound
        /// The resolver failed to answer, or has too much to do.
        case resolverFailed
        /// No address of the host took the connection.
        case connectFailed
        /// The connection broke before the response was complete.
        case connectionLost
        /// The server does not speak HTTP as it should.
        case protocolError
        /// The TLS handshake failed.
        case tlsFailed
        /// The server's certificate is not valid for the host, or not by an authority that is trusted.
        case certificateInvalid
        /// The proxy refused, or could not be reached.
        case proxyFailed
        /// No connection within `timeouts.connect`.
        case connectTimeout
        /// No response header within `timeouts.headers`.
        case headersTimeout
        /// Nothing sent or received for `timeouts.idle`, or less than `limits.minimumBytesPerSecond`.
        case idleTimeout
        /// The whole took longer than `timeouts.total`.
        case totalTimeout
        /// The client has `connections.maximumQueued` requests waiting already.
        case queueFull
        /// The response's headers are more, or longer, than the limits.
        case headersTooLarge
        /// The response's body is longer than the limits, encoded or decoded.
        case bodyTooLarge
        /// The response's body is not what its `Content-Encoding` says, or ends too early.
        case decodingFailed
        /// The request's body could not be read from its file or sequence.
        case requestBodyFailed
        /// The caller's task was cancelled, or the response was dropped.
        case cancelled
        /// The client is shut down.
        case shutDown
        /// libcurl failed in a way that points to a defect or to a lack of memory or descriptors; the message has its code.
        case unexpected

        /// Whether the same request may succeed later without anything being changed.
        public var isRetryable: Bool {
            switch self {
            case .resolverFailed, .connectFailed, .connectionLost, .proxyFailed, .connectTimeout, .headersTimeout,
                .idleTimeout, .totalTimeout, .queueFull, .shutDown:
                true
            default: false
            }
        }

        /// Whether the request may have reached the server when this happened.
        var leavesOutcomeOpen: Bool {
            switch self {
            case .connectionLost, .headersTimeout, .idleTimeout, .totalTimeout, .proxyFailed, .shutDown: true
            default: false
            }
        }
    }

    public var reason: Reason
    public var message: String
    /// The address that failed, of the last redirect if there were any; masked.
    public var url: String?
    /// Whether the request could be repeated without taking effect twice, by its method or by its caller's word.
    var isIdempotent = true

    public init(_ reason: Reason, _ message: String, url: String? = nil) {
        self.reason = reason
        self.message = message
        self.url = url
    }

    /// Whether the same request may succeed later and cannot take effect twice.
    ///
    /// A request that is not idempotent is not retryable after it may have reached the server.
    public var isRetryable: Bool { reason.isRetryable && (isIdempotent || !reason.leavesOutcomeOpen) }

    public var description: String { "\(reason.rawValue): \(message)" + (url.map { " (\($0))" } ?? "") }

    func at(_ url: WebURL?, idempotent: Bool) -> OutboundError {
        var error = self
        error.url = error.url ?? url?.masked
        error.isIdempotent = idempotent
        return error
    }
}
