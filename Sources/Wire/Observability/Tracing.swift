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

/// Whether this process has an instrument that makes trace contexts. Asked once: swift-distributed-tracing allows one
/// bootstrap, before anything is served.
enum TracingSetup {
    static let hasInstrument = !(InstrumentationSystem.instrument is NoOpInstrument)
}

struct MetadataExtractor: Extractor {
    func extract(key: String, from carrier: Metadata) -> String? { carrier[key] }
}

struct MetadataInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout Metadata) { carrier.add(key, value) }
}

/// Takes the trace context from a call's metadata, makes a span of it, and sets it for all that the handler calls.
struct TracingServerInterceptor: ServerInterceptor {
    func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
        var service = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(context.metadata, into: &service, using: MetadataExtractor())
        let method = context.method
        try await withSpan("\(method.service)/\(method.name)", context: service, ofKind: .server) { span in
            span.updateAttributes { attributes in
                attributes["rpc.system"] = "grpc"
                attributes["rpc.service"] = method.service
                attributes["rpc.method"] = method.name
            }
            do {
                try await next(context)
                span.attributes["rpc.grpc.status_code"] = 0
            } catch {
                span.attributes["rpc.grpc.status_code"] = RPCError.wrapping(error).code.rawValue
                throw error
            }
        }
    }
}

/// What a client adds to a call for tracing.
enum TraceInjection {
    /// Adds the current trace context: the instrument's, or the one that came with the call being served.
    static func inject(into metadata: inout Metadata) {
        guard let service = ServiceContext.current else { return }
        if TracingSetup.hasInstrument {
            InstrumentationSystem.instrument.inject(service, into: &metadata, using: MetadataInjector())
        } else if let raw = service[RawTraceContextKey.self], metadata["traceparent"] == nil {
            metadata.add("traceparent", raw.traceparent)
            if let tracestate = raw.tracestate { metadata.add("tracestate", tracestate) }
        }
    }

    /// Runs `body` in a client span.
    static func withClientSpan<Result>(
        _ method: MethodDescriptor,
        _ body: () async throws -> Result
    ) async throws -> Result {
        try await withSpan("\(method.service)/\(method.name)", ofKind: .client) { span in
            span.updateAttributes { attributes in
                attributes["rpc.system"] = "grpc"
                attributes["rpc.service"] = method.service
                attributes["rpc.method"] = method.name
            }
            return try await body()
        }
    }
}
