import Tracing

/// A span that has ended, as it waits to be sent: bounded, masked, and never changed again.
final class FinishedSpan: Sendable {
    struct Event: Sendable {
        var time: UInt64
        var name: String
        var attributes: BoundedAttributes
    }

    struct Link: Sendable {
        var context: TraceContext
        var attributes: BoundedAttributes
    }

    let context: TraceContext
    let parent: TraceContext?
    let name: String
    let kind: SpanKind
    /// Nanoseconds since 1970.
    let start: UInt64
    let end: UInt64
    let attributes: BoundedAttributes
    let droppedAttributes: Int
    let events: [Event]
    let droppedEvents: Int
    let links: [Link]
    let droppedLinks: Int
    let status: SpanStatus?
    /// Bytes, estimated.
    let size: Int

    private static let overhead = 160

    init(_ recorder: SpanRecorder, _ state: SpanRecorder.State, end: UInt64) {
        let limits = recorder.tracer.limits
        let mask = recorder.tracer.mask
        context = recorder.context
        parent = recorder.parent
        kind = recorder.kind
        start = recorder.start
        self.end = max(end, recorder.start)
        name = state.name.cut(to: limits.maxNameLength)
        attributes = BoundedAttributes(state.attributes, max: limits.maxAttributes, limits, mask)
        droppedAttributes = state.droppedAttributes + attributes.dropped
        events = state.events.map { event in
            Event(
                time: event.nanosecondsSinceEpoch,
                name: event.name.cut(to: limits.maxNameLength),
                attributes: BoundedAttributes(event.attributes, max: limits.maxNestedAttributes, limits, mask)
            )
        }
        droppedEvents = state.droppedEvents
        links = state.links.compactMap { link in
            link.context.traceContext.map { context in
                Link(
                    context: context,
                    attributes: BoundedAttributes(link.attributes, max: limits.maxNestedAttributes, limits, mask)
                )
            }
        }
        droppedLinks = state.droppedLinks
        status = state.status.map { Self.bounded($0, limits, mask) }
        size =
            Self.overhead + name.utf8.count + attributes.size + (status?.message?.utf8.count ?? 0)
            + events.reduce(0) { $0 + $1.name.utf8.count + $1.attributes.size + BoundedAttributes.fieldOverhead }
            + links.reduce(0) { $0 + $1.attributes.size + BoundedAttributes.fieldOverhead }
    }

    /// The message passes the mask as an attribute would.
    private static func bounded(_ status: SpanStatus, _ limits: SpanLimits, _ mask: SpanMask) -> SpanStatus {
        guard let message = status.message, status.code == .error else { return SpanStatus(code: status.code) }
        guard case .string(let text)? = mask.apply("otel.status_description", .string(message))?.bounded(limits)
        else { return SpanStatus(code: status.code) }
        return SpanStatus(code: status.code, message: text)
    }
}
