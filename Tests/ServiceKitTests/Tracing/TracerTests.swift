import Synchronization
import Testing
import Tracing

@testable import ServiceKit

/// Keeps the spans that have ended.
private final class Sink: Sendable {
    private let kept = Mutex<[FinishedSpan]>([])

    func add(_ span: FinishedSpan) { kept.withLock { $0.append(span) } }
    var spans: [FinishedSpan] { kept.withLock { $0 } }
}

private struct Instant: TracerInstant {
    var nanosecondsSinceEpoch: UInt64

    static func < (left: Instant, right: Instant) -> Bool { left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch }
}

private struct Carrier: Extractor, Injector {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
}

@Suite struct TracerTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"

    private static func tracer(
        _ sink: Sink, ratio: Double = 1, limits: SpanLimits = SpanLimits(), mask: SpanMask = .secrets
    ) -> TelemetryTracer {
        TelemetryTracer(sampler: TraceSampler(ratio: ratio), limits: limits, mask: mask) { sink.add($0) }
    }

    @Test func spansOfOneTrace() throws {
        let sink = Sink()
        let tracer = Self.tracer(sink)
        let root = tracer.startSpan(
            "root", context: .topLevel, ofKind: .server, at: Instant(nanosecondsSinceEpoch: 100))
        let child = tracer.startSpan("child", context: root.context, at: Instant(nanosecondsSinceEpoch: 150))
        #expect(root.isRecording && child.isRecording)
        child.end(at: Instant(nanosecondsSinceEpoch: 160))
        root.end(at: Instant(nanosecondsSinceEpoch: 200))
        #expect(!root.isRecording)
        let (first, second) = (sink.spans[0], sink.spans[1])
        #expect(sink.spans.map(\.name) == ["child", "root"])
        #expect(first.context.traceID == second.context.traceID)
        #expect(first.parent?.spanID == second.context.spanID && second.parent == nil)
        #expect((second.start, second.end, second.kind) == (100, 200, .server))
    }

    @Test func clockThatGoesBack() {
        let sink = Sink()
        let span = Self.tracer(sink).startSpan("a", context: .topLevel, at: Instant(nanosecondsSinceEpoch: 100))
        span.end(at: Instant(nanosecondsSinceEpoch: 50))
        #expect((sink.spans[0].start, sink.spans[0].end) == (100, 100))
    }

    @Test func endsOnceAndStaysAsItWas() {
        let sink = Sink()
        let span = Self.tracer(sink).startSpan("a", context: .topLevel)
        span.end()
        span.operationName = "b"
        span.attributes["late"] = 1
        span.addEvent("late")
        span.setStatus(SpanStatus(code: .error))
        span.end()
        #expect(sink.spans.count == 1)
        #expect(sink.spans[0].name == "a" && sink.spans[0].attributes.fields.isEmpty && sink.spans[0].status == nil)
    }

    @Test func statusThatIsWellStays() {
        let sink = Sink()
        let span = Self.tracer(sink).startSpan("a", context: .topLevel)
        span.setStatus(SpanStatus(code: .error, message: "first"))
        span.setStatus(SpanStatus(code: .ok, message: "not kept"))
        span.setStatus(SpanStatus(code: .error, message: "later"))
        span.end()
        #expect(sink.spans[0].status == SpanStatus(code: .ok))
    }

    @Test func errorsBecomeEvents() throws {
        struct Failure: Error, CustomStringConvertible { var description: String { "it broke" } }
        let sink = Sink()
        #expect(throws: Failure.self) {
            try Self.tracer(sink).withSpan("a", context: .topLevel) { _ in throw Failure() }
        }
        let span = sink.spans[0]
        #expect(span.status?.code == .error)
        #expect(span.events.map(\.name) == ["exception"])
        let fields = Dictionary(uniqueKeysWithValues: span.events[0].attributes.fields.map { ($0.key, $0.value) })
        #expect(fields["exception.message"] == .string("it broke"))
        guard case .string(let type)? = fields["exception.type"] else { throw Failure() }
        #expect(type.hasSuffix("Failure"))
    }

    // MARK: Sampling and propagation

    @Test func contextGoesInAndOut() throws {
        let sink = Sink()
        let tracer = Self.tracer(sink, ratio: 0)
        var context = ServiceContext.topLevel
        let incoming = ["traceparent": Self.parent + "01", "tracestate": "a=b"]
        tracer.extract(incoming, into: &context, using: Carrier())
        let span = tracer.startSpan("a", context: context)
        #expect(span.isRecording)
        var carrier: [String: String] = [:]
        tracer.inject(span.context, into: &carrier, using: Carrier())
        let sent = try #require(carrier["traceparent"].flatMap { TraceContext(traceparent: $0, tracestate: nil) })
        #expect(sent.traceID.description == "4bf92f3577b34da6a3ce929d0e0e4736" && sent.isSampled)
        #expect(sent.spanID.description != "00f067aa0ba902b7")
        #expect(carrier["tracestate"] == "a=b")
    }

    /// Below a parent that is not sampled its own context goes on, and nothing is made.
    @Test func unsampledParentGoesOn() {
        let sink = Sink()
        let tracer = Self.tracer(sink)
        var context = ServiceContext.topLevel
        tracer.extract(["traceparent": Self.parent + "00"], into: &context, using: Carrier())
        let span = tracer.startSpan("a", context: context)
        span.attributes["a"] = 1
        span.recordError(CancellationError())
        span.end()
        var carrier: [String: String] = [:]
        tracer.inject(span.context, into: &carrier, using: Carrier())
        #expect(carrier == ["traceparent": Self.parent + "00"])
        #expect(!span.isRecording && sink.spans.isEmpty && span.operationName.isEmpty && span.attributes.isEmpty)
    }

    /// A trace that begins here unsampled is known as such to all that it reaches.
    @Test func unsampledRootIsHandedOn() throws {
        let sink = Sink()
        let tracer = Self.tracer(sink, ratio: 0)
        let root = tracer.startSpan("a", context: .topLevel)
        let child = tracer.startSpan("b", context: root.context)
        #expect(!root.isRecording && !child.isRecording)
        let context = try #require(root.context.traceContext)
        #expect(!context.isSampled && child.context.traceContext == context)
    }

    @Test func malformedOrMissingBeginsAnew() {
        let sink = Sink()
        let tracer = Self.tracer(sink)
        for carrier in [[:], ["traceparent": "nonsense", "tracestate": "a=b"], ["tracestate": "a=b"]] {
            var context = ServiceContext.topLevel
            tracer.extract(carrier, into: &context, using: Carrier())
            #expect(context.traceContext == nil)
            var out: [String: String] = [:]
            tracer.inject(context, into: &out, using: Carrier())
            #expect(out.isEmpty)
        }
    }

    @Test func activeSpanIsFound() {
        let tracer = Self.tracer(Sink())
        let span = tracer.startSpan("a", context: .topLevel)
        #expect(tracer.activeSpan(identifiedBy: span.context)?.operationName == "a")
        #expect(tracer.activeSpan(identifiedBy: .topLevel) == nil)
    }

    // MARK: Bounds

    @Test func attributesAreBounded() {
        var limits = SpanLimits()
        limits.maxAttributes = 3
        limits.maxKeyLength = 10
        let sink = Sink()
        let span = Self.tracer(sink, limits: limits).startSpan("a", context: .topLevel)
        span.attributes["z"] = 0
        for number in 0..<10 { span.attributes["k\(number)"] = number }
        span.attributes["z"] = 1
        span.end()
        let fields = sink.spans[0].attributes.fields.map { "\($0.key)" }.sorted()
        #expect(fields == ["k0", "k1", "z"])
        #expect(sink.spans[0].droppedAttributes == 8)

        let other = Self.tracer(sink, limits: limits).startSpan("b", context: .topLevel)
        other.attributes["longer than ten"] = 1
        other.attributes[""] = 1
        other.end()
        #expect(sink.spans[1].attributes.fields.isEmpty && sink.spans[1].droppedAttributes == 2)
    }

    @Test func eventsAndLinksAreBounded() {
        var limits = SpanLimits()
        limits.maxEvents = 2
        limits.maxLinks = 1
        limits.maxNestedAttributes = 1
        limits.maxNameLength = 5
        let sink = Sink()
        let tracer = Self.tracer(sink, limits: limits)
        let span = tracer.startSpan("longer than five", context: .topLevel)
        for _ in 0..<5 { span.addEvent(SpanEvent(name: "event more", attributes: ["a": 1, "b": 2])) }
        for _ in 0..<3 { span.addLink(SpanLink(context: span.context, attributes: [:])) }
        span.end()
        let ended = sink.spans[0]
        #expect(ended.name == "longe" && ended.events.map(\.name) == ["event", "event"])
        #expect(ended.events[0].attributes.fields.count == 1 && ended.events[0].attributes.dropped == 1)
        #expect((ended.droppedEvents, ended.links.count, ended.droppedLinks) == (3, 1, 2))
    }

    @Test func valuesAreBounded() {
        var limits = SpanLimits()
        limits.maxValueLength = 4
        limits.maxElements = 2
        let attributes: SpanAttributes = [
            "a": "äöü", "b": .stringArray(["12345", "x", "y"]), "c": .int64Array([1, 2, 3]),
            "d": .stringConvertible(123_456), "e": .stringConvertibleArray([1, 2, 3]),
            "f": .boolArray([true, true, true]),
        ]
        let bounded = BoundedAttributes(attributes, max: 10, limits, .secrets)
        let fields = Dictionary(uniqueKeysWithValues: bounded.fields.map { ($0.key, $0.value) })
        #expect(fields["a"] == .string("äö") && fields["b"] == .stringArray(["1234", "x"]))
        #expect(fields["c"] == .int64Array([1, 2]) && fields["d"] == .string("1234"))
        #expect(fields["e"] == .int64Array([1, 2]) && fields["f"] == .boolArray([true, true]))
        #expect(bounded.size > 0 && bounded.size < 1000)
    }

    static let cuts: [(String, Int, String)] = [
        ("abc", 3, "abc"), ("abc", 2, "ab"), ("abc", 0, ""), ("ä", 1, ""), ("aä", 2, "a"), ("€x", 3, "€"),
        ("€x", 2, ""),
        ("👍🏽", 7, "👍"), ("", 0, ""),
    ]

    @Test(arguments: cuts) func cutsBetweenCharacters(text: String, length: Int, cut: String) {
        #expect(text.cut(to: length) == cut)
    }

    // MARK: Masks

    @Test func secretsAreHidden() {
        for key in [
            "authorization", "http.request.header.Cookie", "user.password", "API_KEY", "accessToken", "client_secret",
        ] {
            #expect(SpanMask.secrets.apply(key, .string("s3cret")) == .string("[masked]"))
            #expect(SpanMask.secrets.apply(key, .int64(42)) == .string("[masked]"))
        }
        #expect(SpanMask.secrets.apply("rpc.method", .string("Say")) == .string("Say"))
    }

    @Test func maskSeesEverythingThatLeaves() {
        let seen = Mutex<Set<String>>([])
        let mask = SpanMask { key, value in
            _ = seen.withLock { $0.insert(key) }
            return key == "drop" ? nil : .string("x")
        }
        let sink = Sink()
        let span = Self.tracer(sink, mask: mask).startSpan("a", context: .topLevel)
        span.attributes["own"] = "secret"
        span.attributes["drop"] = "secret"
        span.addEvent(SpanEvent(name: "e", attributes: ["event": "secret"]))
        span.addLink(SpanLink(context: span.context, attributes: ["link": "secret"]))
        span.recordError(CancellationError())
        span.setStatus(SpanStatus(code: .error, message: "secret"))
        span.end()
        let wanted: Set = [
            "own", "drop", "event", "link", "exception.type", "exception.message", "otel.status_description",
        ]
        #expect(seen.withLock { $0 } == wanted)
        let ended = sink.spans[0]
        #expect(ended.attributes.fields.map(\.key) == ["own"] && ended.droppedAttributes == 1)
        #expect(ended.status == SpanStatus(code: .error, message: "x"))
        let all = ended.events.flatMap(\.attributes.fields) + ended.links.flatMap(\.attributes.fields)
        #expect(all.allSatisfy { $0.value == .string("x") })
    }
}
