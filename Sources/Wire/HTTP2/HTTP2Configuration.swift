public import NIOCore

/// What one HTTP/2 connection allows, holds and waits for.
public struct HTTP2Configuration: Sendable {
    // MARK: Announced to the peer

    /// Streams that the peer may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS). What is announced is enforced.
    public var maxConcurrentStreams = 256
    /// Bytes of one stream that the peer may send before they are taken (SETTINGS_INITIAL_WINDOW_SIZE).
    public var streamWindow = 256 * 1024
    /// Bytes of all streams together that the peer may send before they are taken.
    public var connectionWindow = 4 * 1024 * 1024
    /// Size of a header list as RFC 9113 counts it: names, values and 32 bytes a field (SETTINGS_MAX_HEADER_LIST_SIZE).
    public var maxHeaderListSize = 16 * 1024
    /// Fields in a header list.
    public var maxHeaderCount = 128

    // MARK: Held

    /// Bytes that a stream holds for the peer before its writer waits.
    public var maxBufferedOutput = 64 * 1024
    /// Bytes of messages that have come only in part, of all streams together. Past it large messages come one at a
    /// time: the others get no more than a stream's window each until there is room.
    public var maxGatheredBytes = 16 * 1024 * 1024

    // MARK: Waited for

    /// From the connection's start to the end of TLS handshake, preface and SETTINGS.
    public var handshakeTimeout: TimeAmount = .seconds(10)
    /// From there to the first request.
    public var firstRequestTimeout: TimeAmount = .seconds(60)
    /// From a header block's first byte to its last.
    public var headersTimeout: TimeAmount = .seconds(10)
    /// With no request, until the connection is closed; nil: for ever.
    public var maxIdleTime: TimeAmount? = .minutes(15)
    /// Age at which a connection is asked to end (GOAWAY), so that clients spread again; nil: never.
    public var maxAge: TimeAmount?
    /// Share of `maxAge` and `maxIdleTime` by which they vary, so that connections made together do not end together.
    public var jitter = 0.1
    /// From GOAWAY because of age to the end of the calls that still run.
    public var maxAgeGrace: TimeAmount = .minutes(5)
    /// Between PINGs when nothing was received; nil: none are sent.
    public var keepaliveInterval: TimeAmount? = .minutes(2)
    /// From a PING to its acknowledgement, or the connection is closed.
    public var keepaliveTimeout: TimeAmount = .seconds(20)
    /// Whether keepalive PINGs are sent while no call runs.
    public var keepaliveWithoutCalls = true
    /// Time in which the peer must take `stallMinimum` bytes of what waits for it, or the stream is reset.
    public var stallTimeout: TimeAmount = .seconds(60)
    /// Bytes of one stream's output that count as progress; all that waits does, too, however little it is.
    public var stallMinimum = 1024

    /// Budgets against floods.
    public var budgets = AbuseBudgets()

    public init() {}
}
