import Tracing
import Wire

/// Spans of requests, where the process has a tracer.
enum EdgeTracing {
    /// Asked for once: swift-distributed-tracing allows one bootstrap, before anything is served.
    static let hasInstrument = !(InstrumentationSystem.instrument is NoOpInstrument)

    private struct FieldExtractor: Extractor {
        func extract(key: String, from carrier: [(name: String, value: String)]) -> String? {
            carrier.first { $0.name == key }?.value
        }
    }

    private struct FieldInjector: Injector {
        func inject(_ value: String, forKey key: String, into carrier: inout HTTP2Fields) { carrier.add(key, value) }
    }

    /// Begins the span of a request, as part of the trace that the client names.
    static func begin(_ exchange: any Exchange) -> any Span {
        var context = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(exchange.headers, into: &context, using: FieldExtractor())
        return InstrumentationSystem.tracer.startSpan(exchange.method, context: context, ofKind: .server)
    }

    /// Ends it, with OpenTelemetry's names for what HTTP servers say.
    static func end(_ span: any Span, _ exchange: any Exchange) {
        if span.isRecording {
            span.operationName = "\(exchange.method) \(exchange.label)"
            span.updateAttributes { attributes in
                attributes["http.request.method"] = exchange.method
                attributes["http.route"] = exchange.label
                attributes["http.response.status_code"] = exchange.status
                attributes["url.scheme"] = exchange.scheme
            }
            if exchange.status >= 500 { span.setStatus(SpanStatus(code: .error)) }
        }
        span.end()
    }

    /// Adds a span's context to the head of a call that is passed on.
    static func inject(_ span: any Span, into fields: inout HTTP2Fields) {
        InstrumentationSystem.instrument.inject(span.context, into: &fields, using: FieldInjector())
    }
}
