public import ServiceContextModule

/// Identifies a trace: 16 bytes, not all zero (W3C Trace Context).
public struct TraceID: Sendable, Hashable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    /// nil if both are zero.
    public init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// 32 lower-case hexadecimal digits.
    public var description: String { Hexadecimal.text([high, low]) }
}

/// Identifies a span within its trace: 8 bytes, not all zero.
public struct SpanID: Sendable, Hashable, CustomStringConvertible {
    public let value: UInt64

    /// nil if it is zero.
    public init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    /// 16 lower-case hexadecimal digits.
    public var description: String { Hexadecimal.text([value]) }
}

/// Where in which trace something happens: what `traceparent` and `tracestate` carry from process to process.
public struct TraceContext: Sendable, Hashable {
    public let traceID: TraceID
    public let spanID: SpanID
    /// Whether the trace is recorded.
    public let isSampled: Bool
    /// Whether the trace's identifier is random, so that those who sample may rely on it (W3C Trace Context, level 2).
    public let hasRandomID: Bool
    /// What tracing systems add for themselves; nil: nothing.
    public let state: String?
    /// Whether it came from another process.
    public let isRemote: Bool

    public init(
        traceID: TraceID, spanID: SpanID, isSampled: Bool, hasRandomID: Bool = false, state: String? = nil,
        isRemote: Bool = false
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.hasRandomID = hasRandomID
        self.state = state
        self.isRemote = isRemote
    }
}

/// A trace context with the span that records it in this process, if there is one. A reference, as a context's values
/// are otherwise boxed one by one.
final class ActiveTrace: Sendable {
    let context: TraceContext
    let recorder: SpanRecorder?

    init(_ context: TraceContext, recorder: SpanRecorder? = nil) {
        self.context = context
        self.recorder = recorder
    }
}

private enum ActiveTraceKey: ServiceContextKey {
    typealias Value = ActiveTrace
    static var nameOverride: String? { "datavault.trace" }
}

extension ServiceContext {
    var activeTrace: ActiveTrace? {
        get { self[ActiveTraceKey.self] }
        set { self[ActiveTraceKey.self] = newValue }
    }

    /// The trace that this context belongs to, for logs and the like; nil: none.
    public var traceContext: TraceContext? { activeTrace?.context }
}

enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Big-endian, lower-case.
    static func append(_ value: UInt64, count: Int = 16, to bytes: inout [UInt8]) {
        for place in (0..<count).reversed() { bytes.append(digits[Int(value >> UInt64(place * 4) & 15)]) }
    }

    static func text(_ values: [UInt64]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count * 16)
        for value in values { append(value, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Lower-case digits only, at most 16.
    static func value(_ text: some Collection<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for byte in text {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            value = value << 4 | UInt64(digit)
        }
        return value
    }
}
