import CoreMetrics
import Logging
import Synchronization
import Wire

/// What is counted of exports; the names stand in `MetricDescription.suite`.
final class ExportMetrics: Sendable {
    private let exported: Counter
    private let drops: [SpanExporter.Batcher.DropReason: Counter]
    private let attempts: [Int: Counter]

    init(factory: any MetricsFactory) {
        exported = Counter(label: "datavault_trace_spans_exported_total", dimensions: [], factory: factory)
        drops = Dictionary(
            uniqueKeysWithValues: SpanExporter.Batcher.DropReason.allCases.map { reason in
                let dimensions = [("reason", reason.rawValue)]
                return (
                    reason,
                    Counter(label: "datavault_trace_spans_dropped_total", dimensions: dimensions, factory: factory)
                )
            }
        )
        attempts = Dictionary(
            uniqueKeysWithValues: (0...16).map { code in
                let dimensions = [("code", StatusCode(rawValue: code).description)]
                return (code, Counter(label: "datavault_trace_exports_total", dimensions: dimensions, factory: factory))
            }
        )
    }

    func exported(_ count: Int) { exported.increment(by: count) }
    func dropped(_ count: Int, _ reason: SpanExporter.Batcher.DropReason) { drops[reason]?.increment(by: count) }

    /// A code that gRPC does not know counts as UNKNOWN.
    func attempted(_ code: StatusCode) {
        (attempts[code.rawValue] ?? attempts[StatusCode.unknown.rawValue])?.increment()
    }
}

/// Tells of a collector that fails: when it begins, now and then while it lasts, and when it is over.
final class ExportLog: Sendable {
    private struct State {
        var isFailing = false
        var lastWarning: ContinuousClock.Instant?
        var dropped = 0
    }

    private let logger: Logger
    private let endpoint: OTLPEndpoint
    private let state = Mutex(State())

    /// The time between two warnings.
    private static let interval = Duration.seconds(60)
    /// Characters of what a collector says.
    private static let maxMessageLength = 300

    init(logger: Logger, endpoint: OTLPEndpoint) {
        self.logger = logger
        self.endpoint = endpoint
    }

    func failed(_ error: RPCError, dropping count: Int) {
        let (mustWarn, dropped) = state.withLock { state in
            state.dropped += count
            defer { state.isFailing = true }
            return (Self.mustWarn(&state, atOnce: !state.isFailing), state.dropped)
        }
        guard mustWarn else { return }
        logger.warning(
            "Spans cannot be exported",
            metadata: [
                "endpoint": "\(endpoint)", "code": "\(error.code)",
                "reason": "\(error.description.cut(to: Self.maxMessageLength))", "dropped": "\(dropped)",
            ])
    }

    func delivered(rejected: Int, message: String) {
        let (wasFailing, dropped, mustWarn) = state.withLock { state in
            defer {
                state.isFailing = false
                state.dropped = 0
            }
            let isPartial = rejected > 0 || !message.isEmpty
            return (state.isFailing, state.dropped, isPartial && Self.mustWarn(&state, atOnce: false))
        }
        if wasFailing { logger.info("Spans are exported again", metadata: ["dropped": "\(dropped)"]) }
        guard mustWarn else { return }
        logger.warning(
            "The collector did not take all spans",
            metadata: ["rejected": "\(rejected)", "reason": "\(message.cut(to: Self.maxMessageLength))"])
    }

    private static func mustWarn(_ state: inout State, atOnce: Bool) -> Bool {
        let now = ContinuousClock.now
        if !atOnce, let last = state.lastWarning, now - last < interval { return false }
        state.lastWarning = now
        return true
    }
}

extension ExportMetrics {
    /// What waits, in the order in which it is read.
    static let observed = [
        ObservedMetric(.init("datavault_trace_queue_spans", help: "Spans that wait to be sent.")),
        ObservedMetric(
            .init("datavault_trace_queue_bytes", help: "Memory of the spans that wait to be sent.", unit: .bytes)),
    ]
}
