import Instrumentation
import ServiceContextModule
import Tracing

/// The W3C trace context of a call whose process has no tracer of its own: it is passed on as it came.
struct RawTraceContext: Sendable {
    var traceparent: String
    var tracestate: String?
}

extension RawTraceContext {
    /// Runs `body` with the trace context that came with a call, for the calls that it makes in turn.
    static func pass(on context: ServerContext, _ body: () async throws -> Void) async throws {
        guard let traceparent = context.metadata("traceparent") else { return try await body() }
        var service = ServiceContext.topLevel
        service[RawTraceContextKey.self] = RawTraceContext(
            traceparent: traceparent, tracestate: context.metadata("tracestate"))
        try await ServiceContext.withValue(service) { try await body() }
    }
}

enum RawTraceContextKey: ServiceContextKey {
    typealias Value = RawTraceContext
    static var nameOverride: String? { "wire.traceparent" }
}

/// The instrument of this process. Asked for once: swift-distributed-tracing allows one bootstrap, before anything is
/// served, and each look takes locks and casts.
enum TracingSetup {
    /// Whether there is one that makes trace contexts.
    static let hasInstrument = !(InstrumentationSystem.instrument is NoOpInstrument)
    static let instrument = InstrumentationSystem.instrument
    static let tracer = InstrumentationSystem.tracer
}

/// Reads single fields of a call as they came: all its metadata would be decoded for one or two.
struct CallExtractor: Extractor {
    func extract(key: String, from carrier: ServerContext) -> String? { carrier.headers.first(named: key) }
}

struct MetadataInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout Metadata) { carrier.add(key, value) }
}

/// Takes the trace context from a call's metadata, makes a span of it, and sets it for all that the handler calls.
struct TracingServerInterceptor: ServerInterceptor {
    func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
        var service = ServiceContext.topLevel
        TracingSetup.instrument.extract(context, into: &service, using: CallExtractor())
        let span = TracingSetup.tracer.startSpan(context.method.fullName, context: service, ofKind: .server)
        defer { span.end() }
        span.describe(context.method)
        do {
            try await ServiceContext.withValue(span.context) { try await next(context) }
            span.set(.ok)
        } catch {
            let code = RPCError.wrapping(error).code
            span.set(code)
            if code.isServersFault { span.fail(error) }
            throw error
        }
    }
}

extension StatusCode {
    /// Whether a call that a server answers so makes its span an error: the others speak of the caller (OpenTelemetry's
    /// semantic conventions for gRPC).
    fileprivate var isServersFault: Bool {
        [.unknown, .deadlineExceeded, .unimplemented, .internal, .unavailable, .dataLoss].contains(self)
    }
}

extension Span {
    /// Names the call. Nothing is put together for a span that nobody records.
    fileprivate func describe(_ method: MethodDescriptor) {
        guard isRecording else { return }
        updateAttributes { attributes in
            attributes["rpc.system"] = "grpc"
            attributes["rpc.service"] = method.service
            attributes["rpc.method"] = method.name
        }
    }

    fileprivate func set(_ code: StatusCode) {
        guard isRecording else { return }
        attributes["rpc.grpc.status_code"] = code.rawValue
    }

    fileprivate func fail(_ error: any Error) {
        guard isRecording else { return }
        recordError(error)
        setStatus(SpanStatus(code: .error))
    }
}

/// A client's span of one call, retries included.
struct ClientSpan: Sendable {
    private let span: any Span

    /// nil if calls of this channel are no spans.
    init?(_ method: MethodDescriptor, _ configuration: ChannelConfiguration) {
        guard configuration.isTraced, TracingSetup.hasInstrument else { return nil }
        span = TracingSetup.tracer.startSpan(method.fullName, ofKind: .client)
        span.describe(method)
    }

    /// Whether calls of a channel are no spans, and have no trace context to pass on.
    static func areNone(_ configuration: ChannelConfiguration) -> Bool {
        !configuration.isTraced || !TracingSetup.hasInstrument
    }

    /// What the call's metadata tells of.
    var context: ServiceContext { span.context }

    /// - Parameter error: What the call failed with; nil: nothing.
    func end(_ error: (any Error)?) {
        span.set(error.map { RPCError.wrapping($0).code } ?? .ok)
        if let error { span.fail(error) }
        span.end()
    }
}

extension Metadata {
    /// Adds a trace context: the instrument's, or the one that came with the call being served.
    mutating func injectTrace(of service: ServiceContext?) {
        guard let service else { return }
        if TracingSetup.hasInstrument {
            TracingSetup.instrument.inject(service, into: &self, using: MetadataInjector())
        } else if let raw = service[RawTraceContextKey.self], self["traceparent"] == nil {
            add("traceparent", raw.traceparent)
            if let tracestate = raw.tracestate { add("tracestate", tracestate) }
        }
    }
}
