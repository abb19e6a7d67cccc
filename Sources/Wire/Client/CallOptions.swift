public import NIOCore

/// What one call asks for.
public struct CallOptions: Sendable {
    /// Metadata sent with the request.
    public var metadata = Metadata()
    /// Metadata sent before it, made once for many calls.
    public var prepared: PreparedMetadata?
    /// From now to the end of the call, retries included; nil: the caller's own deadline, if it has one. The shorter of
    /// the two counts.
    public var timeout: TimeAmount?
    /// Whether the call waits for a connection instead of failing while none can be made; nil: as the channel says.
    public var waitForReady: Bool?
    /// How request messages are compressed; nil: as the channel says.
    public var compression: Compression?
    /// When the call is sent again; nil: as the channel says for methods that are idempotent.
    public var retry: RetryPolicy?
    /// The largest response message, unpacked; nil: as the channel says.
    public var maxResponseMessageSize: Int?
    /// The `:authority`; nil: the channel's.
    public var authority: String?

    public init(
        metadata: Metadata = Metadata(),
        timeout: TimeAmount? = nil,
        waitForReady: Bool? = nil,
        compression: Compression? = nil
    ) {
        self.metadata = metadata
        self.timeout = timeout
        self.waitForReady = waitForReady
        self.compression = compression
    }
}

/// When a call that failed is sent again (gRFC A6).
///
/// Only calls whose reply has not begun are sent again.
public struct RetryPolicy: Sendable, Hashable {
    /// Attempts in all, the first included; 1: none is sent again.
    public var maxAttempts = 4
    /// Codes after which a call is sent again.
    public var codes: Set<StatusCode> = [.unavailable]
    /// The longest wait before the second attempt; the wait is chosen at random between nothing and this.
    public var initialBackoff: TimeAmount = .milliseconds(50)
    /// The longest wait of all.
    public var maxBackoff: TimeAmount = .seconds(2)
    /// By which the longest wait grows with each attempt.
    public var multiplier = 2.0

    public init() {}

    /// No call is sent again, but for those that the server never saw.
    public static let none: RetryPolicy = {
        var policy = RetryPolicy()
        policy.maxAttempts = 1
        return policy
    }()

    /// The longest wait before attempt `attempt`, the first being 1.
    func longestWait(before attempt: Int) -> TimeAmount {
        var wait = Double(initialBackoff.nanoseconds)
        for _ in 2..<max(2, attempt) { wait *= multiplier }
        return .nanoseconds(Int64(min(wait, Double(maxBackoff.nanoseconds))))
    }
}

/// Stops retries while most calls fail (gRFC A6, "Throttling"): tokens fall by one a failure and rise by `ratio` a
/// success; below half there is no retry.
struct RetryThrottle: Sendable {
    private var tokens: Double
    private let limit: Double
    private let ratio: Double

    init(limit: Int = 100, ratio: Double = 0.1) {
        self.limit = Double(limit)
        self.ratio = ratio
        tokens = Double(limit)
    }

    mutating func succeeded() { tokens = min(limit, tokens + ratio) }

    /// Counts a failure; says whether a retry is allowed.
    mutating func failed() -> Bool {
        tokens = max(0, tokens - 1)
        return tokens > limit / 2
    }
}
