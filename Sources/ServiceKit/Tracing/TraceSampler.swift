/// Which traces are recorded: what the caller has decided, and of those that begin here a share, chosen by the trace's
/// identifier, so that every process with the same share chooses the same traces.
public struct TraceSampler: Sendable, Hashable {
    /// The share, from 0 to 1.
    public let ratio: Double
    /// Traces are recorded whose last 56 bits are this much or more (OpenTelemetry's consistent probability sampling).
    private let threshold: UInt64

    private static let range: UInt64 = 1 << 56

    /// - Parameter ratio: What lies outside of 0…1 is taken for the nearer end, and no number for 0.
    public init(ratio: Double) {
        self.ratio = ratio.isNaN ? 0 : min(max(ratio, 0), 1)
        threshold = Self.range - UInt64((self.ratio * Double(Self.range)).rounded())
    }

    /// Whether a trace that begins here is recorded.
    public func isSampled(_ trace: TraceID) -> Bool { trace.low & (Self.range - 1) >= threshold }

    /// Whether a span is recorded: as its parent, if it has one.
    public func isSampled(_ trace: TraceID, parent: TraceContext?) -> Bool { parent?.isSampled ?? isSampled(trace) }
}
