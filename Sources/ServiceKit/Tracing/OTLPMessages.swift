import Foundation
import OpenTelemetryContract
import Tracing

typealias OTLPSpan = Opentelemetry_Proto_Trace_V1_Span
typealias OTLPAttribute = Opentelemetry_Proto_Common_V1_KeyValue
typealias OTLPValue = Opentelemetry_Proto_Common_V1_AnyValue
typealias OTLPExport = Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceRequest

extension OTLPExport {
    init(_ spans: [FinishedSpan], resource: TelemetryResource) {
        var scope = Opentelemetry_Proto_Trace_V1_ScopeSpans()
        scope.scope.name = TelemetryResource.scopeName
        scope.spans = spans.map(OTLPSpan.init)
        var all = Opentelemetry_Proto_Trace_V1_ResourceSpans()
        all.resource.attributes = resource.all.map { OTLPAttribute($0, .string($1)) }
        all.scopeSpans = [scope]
        self.init()
        resourceSpans = [all]
    }
}

extension OTLPSpan {
    init(_ span: FinishedSpan) {
        self.init()
        traceID = Data(span.context.traceID)
        spanID = Data(span.context.spanID)
        if let parent = span.parent { parentSpanID = Data(parent.spanID) }
        traceState = span.context.state ?? ""
        flags = UInt32(span.context.flags) | OTLPSpan.remoteFlags(span.parent)
        name = span.name
        kind = Self.kind(span.kind)
        startTimeUnixNano = span.start
        endTimeUnixNano = span.end
        attributes = span.attributes.otlp
        droppedAttributesCount = UInt32(clamping: span.droppedAttributes)
        events = span.events.map(Event.init)
        droppedEventsCount = UInt32(clamping: span.droppedEvents)
        links = span.links.map(Link.init)
        droppedLinksCount = UInt32(clamping: span.droppedLinks)
        if let status = span.status {
            self.status.code = status.code == .ok ? .ok : .error
            self.status.message = status.message ?? ""
        }
    }

    /// Whether the parent is of another process, and that this is known.
    fileprivate static func remoteFlags(_ parent: TraceContext?) -> UInt32 {
        let known = UInt32(Opentelemetry_Proto_Trace_V1_SpanFlags.contextHasIsRemoteMask.rawValue)
        let remote = UInt32(Opentelemetry_Proto_Trace_V1_SpanFlags.contextIsRemoteMask.rawValue)
        return known | (parent?.isRemote == true ? remote : 0)
    }

    private static func kind(_ kind: Tracing.SpanKind) -> OTLPSpan.SpanKind {
        switch kind {
        case .server: .server
        case .client: .client
        case .producer: .producer
        case .consumer: .consumer
        case .internal: .internal
        }
    }
}

extension OTLPSpan.Event {
    fileprivate init(_ event: FinishedSpan.Event) {
        self.init()
        timeUnixNano = event.time
        name = event.name
        attributes = event.attributes.otlp
        droppedAttributesCount = UInt32(clamping: event.attributes.dropped)
    }
}

extension OTLPSpan.Link {
    fileprivate init(_ link: FinishedSpan.Link) {
        self.init()
        traceID = Data(link.context.traceID)
        spanID = Data(link.context.spanID)
        traceState = link.context.state ?? ""
        flags = UInt32(link.context.flags) | OTLPSpan.remoteFlags(link.context)
        attributes = link.attributes.otlp
        droppedAttributesCount = UInt32(clamping: link.attributes.dropped)
    }
}

extension BoundedAttributes {
    fileprivate var otlp: [OTLPAttribute] { fields.map { OTLPAttribute($0.key, $0.value) } }
}

extension OTLPAttribute {
    fileprivate init(_ key: String, _ value: SpanAttribute) {
        self.init()
        self.key = key
        self.value = OTLPValue(value)
    }
}

extension OTLPValue {
    fileprivate init(_ attribute: SpanAttribute) {
        self.init()
        switch attribute {
        case .string(let text): stringValue = text
        case .int32(let number): intValue = Int64(number)
        case .int64(let number): intValue = number
        case .double(let number): doubleValue = number
        case .bool(let flag): boolValue = flag
        case .stringArray(let texts): arrayValue.values = texts.map { OTLPValue(.string($0)) }
        case .int32Array(let numbers): arrayValue.values = numbers.map { OTLPValue(.int64(Int64($0))) }
        case .int64Array(let numbers): arrayValue.values = numbers.map { OTLPValue(.int64($0)) }
        case .doubleArray(let numbers): arrayValue.values = numbers.map { OTLPValue(.double($0)) }
        case .boolArray(let flags): arrayValue.values = flags.map { OTLPValue(.bool($0)) }
        default: break
        }
    }
}

extension Data {
    fileprivate init(_ id: TraceID) {
        self.init()
        append(id.high)
        append(id.low)
    }

    fileprivate init(_ id: SpanID) {
        self.init()
        append(id.value)
    }

    /// Big-endian.
    private mutating func append(_ value: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) { append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }
}
