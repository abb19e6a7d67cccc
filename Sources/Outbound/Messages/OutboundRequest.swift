/// A request method of RFC 9110, or PATCH (RFC 5789).
public enum HTTPMethod: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case patch = "PATCH"
    case options = "OPTIONS"

    /// Whether a repetition has no further effect (RFC 9110 section 9.2.2).
    public var isIdempotent: Bool { self != .post && self != .patch }
}

/// What is asked of a server.
public struct OutboundRequest: Sendable {
    public var method: HTTPMethod
    public var url: WebURL
    /// Sent to the URL's origin. A redirect to another origin takes none of the names in `credentialHeaders` along.
    public var headers: HTTPHeaders
    public var body: RequestBody
    /// Where cookies are kept; without one none are sent nor taken.
    public var cookies: CookieJar?
    public var redirects = RedirectRules()
    /// Header names, beside `Authorization`, `Cookie` and those that look like keys, that belong to the URL's origin alone.
    public var credentialHeaders: Set<String> = []
    /// Whether encoded bodies are asked for and decoded. Without, the body is as it came.
    public var decodesBody = true
    /// Whether a repetition has no further effect: decides whether a connection that broke is tried again and what
    /// `isRetryable` says. By the method, unless set: a POST with an idempotency key is.
    public var isIdempotent: Bool
    /// Replaces the client's, where they are stricter or laxer for this request.
    public var timeouts: OutboundTimeouts?
    public var limits: OutboundLimits?
    public var tls: OutboundTLS?
    /// Signs the request for AWS and what speaks like it.
    public var signature: AWSSignature?

    public init(_ method: HTTPMethod, _ url: WebURL, headers: HTTPHeaders = HTTPHeaders(), body: RequestBody = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        isIdempotent = method.isIdempotent
    }

    /// - Throws: `OutboundError` (`invalidURL`).
    public init(
        _ method: HTTPMethod, _ url: String, headers: HTTPHeaders = HTTPHeaders(), body: RequestBody = .none
    ) throws(OutboundError) {
        self.init(method, try WebURL(url), headers: headers, body: body)
    }
}

/// The body of a request.
public enum RequestBody: Sendable {
    case none
    case bytes([UInt8])
    /// A file, or the part of it from `offset` on that is `length` bytes long; nil means to its end.
    case file(path: String, offset: Int64 = 0, length: Int64? = nil)
    /// Chunks as they come; of `length` bytes, or chunked in HTTP/1.1 if nil. Cannot be sent twice: a redirect that keeps
    /// the body is refused.
    case stream(length: Int64?, chunks: @Sendable () -> any AsyncSequence<[UInt8], any Error> & Sendable)

    var canBeSentAgain: Bool {
        if case .stream = self { false } else { true }
    }

    var isNone: Bool {
        if case .none = self { true } else { false }
    }
}

/// AWS Signature Version 4, as S3 and its like ask for.
public struct AWSSignature: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public var accessKey: String
    /// Secret.
    public var secretKey: String
    /// Secret; of temporary credentials.
    public var sessionToken: String?
    public var region: String
    public var service: String

    public init(
        accessKey: String, secretKey: String, sessionToken: String? = nil, region: String, service: String = "s3"
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.region = region
        self.service = service
    }

    /// Without keys.
    public var description: String { "AWS signature for \(service) in \(region)" }
    public var debugDescription: String { description }
}
