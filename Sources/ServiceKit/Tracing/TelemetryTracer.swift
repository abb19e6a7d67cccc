public import Tracing

/// Makes spans, and takes and passes on the W3C trace context: a backend of swift-distributed-tracing.
///
/// A span that is not sampled records nothing. Below an unsampled parent it is the parent's own context that goes on;
/// only where a trace begins a context is made, so that all processes take the same decision.
public final class TelemetryTracer: Tracer {
    public typealias Span = TelemetrySpan

    let limits: SpanLimits
    let mask: SpanMask
    let sink: @Sendable (FinishedSpan) -> Void
    private let sampler: TraceSampler
    private let identifiers: TraceIdentifiers

    /// - Parameter sink: Takes each span that has ended; called on the thread that ends it.
    init(
        sampler: TraceSampler, limits: SpanLimits = SpanLimits(), mask: SpanMask = .secrets,
        identifiers: TraceIdentifiers = TraceIdentifiers(), sink: @escaping @Sendable (FinishedSpan) -> Void
    ) {
        self.sampler = sampler
        self.limits = limits
        self.mask = mask
        self.identifiers = identifiers
        self.sink = sink
    }

    public func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> TelemetrySpan {
        var context = context()
        let parent = context.activeTrace?.context
        if let parent, !parent.isSampled { return TelemetrySpan(context: context, recorder: nil) }
        let traceID = parent?.traceID ?? identifiers.traceID()
        let own = TraceContext(
            traceID: traceID,
            spanID: identifiers.spanID(),
            isSampled: sampler.isSampled(traceID, parent: parent),
            hasRandomID: parent?.hasRandomID ?? true,
            state: parent?.state
        )
        let recorder: SpanRecorder? =
            own.isSampled
            ? SpanRecorder(
                self, name: operationName, context: own, parent: parent, kind: kind,
                start: instant().nanosecondsSinceEpoch)
            : nil
        context.activeTrace = ActiveTrace(own, recorder: recorder)
        return TelemetrySpan(context: context, recorder: recorder)
    }

    public func activeSpan(identifiedBy context: ServiceContext) -> TelemetrySpan? {
        context.activeTrace.map { TelemetrySpan(context: context, recorder: $0.recorder) }
    }

    @available(*, deprecated)
    public func forceFlush() {}

    // MARK: Between processes

    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let traceparent = extractor.extract(key: "traceparent", from: carrier),
            let remote = TraceContext(
                traceparent: traceparent, tracestate: extractor.extract(key: "tracestate", from: carrier))
        else { return }
        context.activeTrace = ActiveTrace(remote)
    }

    public func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let trace = context.traceContext else { return }
        injector.inject(trace.traceparent, forKey: "traceparent", into: &carrier)
        if let state = trace.state { injector.inject(state, forKey: "tracestate", into: &carrier) }
    }
}
