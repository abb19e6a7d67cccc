/// How many cheap-to-send, dear-to-handle events one connection may cause.
///
/// A token bucket: `burst` at once, refilled at `perSecond`.
public struct AbuseBudget: Sendable, Hashable {
    /// Events that may come at once.
    public var burst: Int
    /// Events a second that may go on for ever.
    public var perSecond: Int

    public init(burst: Int, perSecond: Int) {
        self.burst = burst
        self.perSecond = perSecond
    }
}

/// The budgets of one connection, by what they count. Each has a default that no well-behaved client was seen to reach.
public struct AbuseBudgets: Sendable, Hashable {
    /// RST_STREAM frames received: rapid reset, CVE-2023-44487.
    public var resetsReceived = AbuseBudget(burst: 1000, perSecond: 200)
    /// RST_STREAM frames that the peer's protocol errors made us send: CVE-2025-8671, "MadeYouReset".
    public var resetsProvoked = AbuseBudget(burst: 200, perSecond: 20)
    /// PING frames received. gRPC clients that probe bandwidth send one a round trip while data flows.
    public var pings = AbuseBudget(burst: 1000, perSecond: 100)
    /// SETTINGS frames received after the first.
    public var settings = AbuseBudget(burst: 50, perSecond: 5)
    /// PRIORITY frames received: they mean nothing to us.
    public var priorities = AbuseBudget(burst: 500, perSecond: 50)
    /// DATA frames with no bytes that do not end their stream.
    public var emptyData = AbuseBudget(burst: 100, perSecond: 10)
    /// WINDOW_UPDATE frames received, beyond the one for each DATA frame that we sent.
    public var windowUpdates = AbuseBudget(burst: 2000, perSecond: 200)
    /// Header blocks that were too large or malformed.
    public var badHeaders = AbuseBudget(burst: 50, perSecond: 5)

    public init() {}
}

/// What an over-budget event is called in metrics and logs.
public enum AbuseKind: String, Sendable, CaseIterable {
    case resetsReceived = "resets_received"
    case resetsProvoked = "resets_provoked"
    case pings
    case settings
    case priorities
    case emptyData = "empty_data"
    case windowUpdates = "window_updates"
    case badHeaders = "bad_headers"
    /// A frame flood that nghttp2 itself stopped (acknowledgements queued, CONTINUATION frames).
    case flooded
    /// The peer took nothing of what it asked for during the stall time.
    case windowStall = "window_stall"
    /// No complete TLS handshake or HTTP/2 preface in time.
    case handshakeTimeout = "handshake_timeout"
    /// No first request in time.
    case firstRequestTimeout = "first_request_timeout"
    /// A request's messages did not arrive in time.
    case slowRequest = "slow_request"
    /// Messages that came in part hold more than their limit: further ones wait for their turn.
    case gatheredMessages = "gathered_messages"
    /// Too many connections, in all or from one address.
    case connections
    case connectionsPerAddress = "connections_per_address"
    /// Too many calls in flight.
    case calls
    /// More streams than announced.
    case streams
}

/// A token bucket that refills with time; time comes from outside, so that tests own it.
struct TokenBucket {
    private var tokens: Double
    private var lastRefill: UInt64?
    private let budget: AbuseBudget

    init(_ budget: AbuseBudget) {
        self.budget = budget
        self.tokens = Double(budget.burst)
    }

    /// Takes one token at `now` (nanoseconds of a monotonic clock); false if there is none left.
    mutating func take(now: UInt64) -> Bool {
        if tokens < 1 {
            // Refilled only when needed: the clock is not read for a well-behaved peer.
            if let last = lastRefill {
                let seconds = Double(now &- last) / 1e9
                tokens = min(Double(budget.burst), tokens + seconds * Double(budget.perSecond))
            }
            lastRefill = now
            if tokens < 1 { return false }
        } else if lastRefill == nil {
            lastRefill = now
        }
        tokens -= 1
        return true
    }

    /// Gives one token back, up to the burst.
    mutating func giveBack() {
        tokens = min(Double(budget.burst), tokens + 1)
    }
}
