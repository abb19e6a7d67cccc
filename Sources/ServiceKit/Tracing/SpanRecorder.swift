import Synchronization
import Tracing
import Wire

/// What a span that is recorded has been told so far.
final class SpanRecorder: Sendable {
    struct State: Sendable {
        var name: String
        var attributes = SpanAttributes()
        var events: [SpanEvent] = []
        var links: [SpanLink] = []
        var droppedAttributes = 0
        var droppedEvents = 0
        var droppedLinks = 0
        var status: SpanStatus?
        var hasEnded = false
    }

    let tracer: TelemetryTracer
    let context: TraceContext
    let parent: TraceContext?
    let kind: SpanKind
    /// Nanoseconds since 1970.
    let start: UInt64
    private let state: Mutex<State>

    init(
        _ tracer: TelemetryTracer, name: String, context: TraceContext, parent: TraceContext?, kind: SpanKind,
        start: UInt64
    ) {
        self.tracer = tracer
        self.context = context
        self.parent = parent
        self.kind = kind
        self.start = start
        state = Mutex(State(name: name))
    }

    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    var name: String {
        get { state.withLock { $0.name } }
        set { update { $0.name = newValue } }
    }

    var attributes: SpanAttributes {
        get { state.withLock { $0.attributes } }
        set { update { $0.set(newValue, limit: tracer.limits.maxAttributes) } }
    }

    func add(_ event: SpanEvent) {
        update { state in
            guard state.events.count < tracer.limits.maxEvents else { return state.droppedEvents += 1 }
            state.events.append(event)
        }
    }

    func add(_ link: SpanLink) {
        update { state in
            guard state.links.count < tracer.limits.maxLinks else { return state.droppedLinks += 1 }
            state.links.append(link)
        }
    }

    /// Once a span is called well, it stays so.
    func set(_ status: SpanStatus) {
        update { if $0.status?.code != .ok { $0.status = status } }
    }

    /// Hands the span to the exporter, the first time.
    func end(at time: UInt64) {
        let ended = state.withLock { state -> State? in
            guard !state.hasEnded else { return nil }
            defer {
                // What the span held goes with it, though somebody may still hold the span.
                state = State(name: state.name)
                state.hasEnded = true
            }
            return state
        }
        if let ended { tracer.sink(FinishedSpan(self, ended, end: time)) }
    }

    /// What comes after the end is lost.
    private func update(_ body: (inout State) -> Void) {
        state.withLock { if !$0.hasEnded { body(&$0) } }
    }
}

extension SpanRecorder.State {
    /// Replaces the attributes; of those that are new only as many as there is room for, in the order of their names.
    mutating func set(_ new: SpanAttributes, limit: Int) {
        guard new.count > limit else { return attributes = new }
        var kept = SpanAttributes()
        var others: [(String, SpanAttribute)] = []
        new.forEach { key, value in
            if attributes.get(key) != nil { kept.set(key, value: value) } else { others.append((key, value)) }
        }
        others.sort { $0.0 < $1.0 }
        let room = max(0, limit - kept.count)
        for (key, value) in others.prefix(room) { kept.set(key, value: value) }
        droppedAttributes += max(0, others.count - room)
        attributes = kept
    }
}
