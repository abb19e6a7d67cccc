public import Tracing
import Wire

/// A span of `TelemetryTracer`: two references, so that one that is not recorded costs nothing to pass around.
public struct TelemetrySpan: Span {
    public let context: ServiceContext
    let recorder: SpanRecorder?

    public var isRecording: Bool { recorder.map { !$0.hasEnded } ?? false }

    public var operationName: String {
        get { recorder?.name ?? "" }
        nonmutating set { recorder?.name = newValue }
    }

    public var attributes: SpanAttributes {
        get { recorder?.attributes ?? [:] }
        nonmutating set { recorder?.attributes = newValue }
    }

    public func setStatus(_ status: SpanStatus) { recorder?.set(status) }

    public func addEvent(_ event: SpanEvent) { recorder?.add(event) }

    public func addLink(_ link: SpanLink) { recorder?.add(link) }

    /// Adds an event `exception`, as OpenTelemetry's conventions name it.
    public func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {
        guard let recorder else { return }
        var all: SpanAttributes = [
            "exception.type": .string(String(reflecting: type(of: error))),
            "exception.message": .string("\(error)"),
        ]
        all.merge(attributes)
        recorder.add(SpanEvent(name: "exception", at: instant(), attributes: all))
    }

    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        recorder?.end(at: instant().nanosecondsSinceEpoch)
    }
}
