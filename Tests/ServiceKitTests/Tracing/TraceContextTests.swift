import Testing

@testable import ServiceKit

@Suite struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"
    private static let good = "00-\(trace)-\(span)-01"

    @Test func readsAndWrites() throws {
        let context = try #require(TraceContext(traceparent: Self.good, tracestate: "a=b"))
        #expect(context.traceID.description == Self.trace)
        #expect(context.spanID.description == Self.span)
        #expect(context.isSampled && !context.hasRandomID && context.isRemote)
        #expect(context.state == "a=b")
        #expect(context.traceparent == Self.good)
    }

    static let flags: [(String, isSampled: Bool, isRandom: Bool, out: String)] = [
        ("00", false, false, "00"), ("01", true, false, "01"), ("02", false, true, "02"), ("03", true, true, "03"),
        // Bits that are not known are not handed on.
        ("ff", true, true, "03"), ("08", false, false, "00"),
    ]

    @Test(arguments: flags) func readsFlags(text: String, isSampled: Bool, isRandom: Bool, out: String) throws {
        let context = try #require(TraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-\(text)", tracestate: nil))
        #expect(context.isSampled == isSampled && context.hasRandomID == isRandom)
        #expect(context.traceparent.hasSuffix("-\(out)"))
    }

    static let laterVersions = [
        "cc-\(trace)-\(span)-01", "cc-\(trace)-\(span)-01-what-the-future-brings", "01-\(trace)-\(span)-01-",
    ]

    @Test(arguments: laterVersions) func laterVersionsAreRead(text: String) throws {
        let context = try #require(TraceContext(traceparent: text, tracestate: nil))
        #expect(context.traceparent == Self.good)
    }

    static let malformed = [
        "", "0", "00", "-", "---", "00-", Self.trace, String(good.dropLast()), good + "0", good + "-", good + "-00",
        " " + good,
        good + " ", good + "," + good,
        "ff-\(trace)-\(span)-01", "cc-\(trace)-\(span)-01.future", "0g-\(trace)-\(span)-01", "0-\(trace)-\(span)-01",
        "000-\(trace)-\(span)-01",
        "00-\(String(repeating: "0", count: 32))-\(span)-01", "00-\(trace)-\(String(repeating: "0", count: 16))-01",
        "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span.uppercased())-01", "00-\(trace)-\(span)-0A",
        "00-\(trace.dropLast())-\(span)-01", "00-\(trace)0-\(span)-01", "00-\(trace)-\(span.dropLast())-01",
        "00-\(trace)-\(span)0-01", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-0x", "00_\(trace)_\(span)_01",
        "00-\(trace)-\(span)-\u{FF10}1", "00-\(trace)-\(span.dropLast(2))é-01", good.replacing("4b", with: "\u{0}b"),
        String(repeating: "0", count: 100_000),
    ]

    @Test(arguments: malformed) func malformedBeginsAnew(text: String) {
        #expect(TraceContext(traceparent: text, tracestate: "a=b") == nil)
    }

    static let states: [(String, isGood: Bool)] = [
        ("a=b", true), ("a=b,c=d", true), ("a=b , c=d", true), ("a=b,,c=d", true), ("a=b,", true), ("\ta=b", true),
        ("fw529a3039@dt=FfAAAA", true), ("0tenant@system=1", true), ("a-b_c*d/e=1", true), ("a=  b", true),
        ("a=!\"#$%&'()*+-./:;<>?@[]^_`{|}~", true), ("a=" + String(repeating: "v", count: 256), true),
        ((0..<32).map { "k\($0)=1" }.joined(separator: ","), true),
        ("", false), (",", false), ("a", false), ("a=", false), ("=b", false), ("a= ", false), ("A=b", false),
        ("0a=b", false), ("a b=c", false), ("a=b=c", false), ("a=b,a=c", false), ("a@=b", false), ("@b=c", false),
        ("a@b@c=d", false), ("a@0b=c", false), ("é=b", false), ("a=é", false), ("a=b\u{7F}", false),
        ("a=b\u{0}", false),
        ("a=" + String(repeating: "v", count: 257), false),
        (String(repeating: "t", count: 242) + "@s=1", false), ("t@" + String(repeating: "s", count: 15) + "=1", false),
        ((0..<33).map { "k\($0)=1" }.joined(separator: ","), false),
        ((0..<3).map { "k\($0)=" + String(repeating: "v", count: 200) }.joined(separator: ","), false),
    ]

    /// A `tracestate` that breaks a rule is left out; the trace goes on.
    @Test(arguments: states) func readsStates(text: String, isGood: Bool) throws {
        let context = try #require(TraceContext(traceparent: Self.good, tracestate: text))
        #expect(context.state == (isGood ? text : nil))
    }
}

@Suite struct TraceIdentifierTests {
    @Test func areUniqueAndNotZero() {
        let identifiers = [TraceIdentifiers(), TraceIdentifiers()]
        var traces: Set<TraceID> = []
        var spans: Set<SpanID> = []
        for source in identifiers {
            for _ in 0..<20_000 {
                traces.insert(source.traceID())
                spans.insert(source.spanID())
            }
        }
        #expect(traces.count == 40_000 && spans.count == 40_000)
    }

    /// A generator of zeros: what would be no identifier is left out.
    @Test func skipZero() {
        struct Zeros: RandomNumberGenerator { mutating func next() -> UInt64 { 0 } }
        var zeros = Zeros()
        let identifiers = TraceIdentifiers(using: &zeros)
        #expect(identifiers.spanID().value != 0)
        #expect(identifiers.traceID().description.count == 32)
    }
}

@Suite struct TraceSamplerTests {
    private static func trace(_ low: UInt64) throws -> TraceID { try #require(TraceID(high: 1, low: low)) }

    @Test func endsAreExact() throws {
        for low: UInt64 in [0, 1, 1 << 55, (1 << 56) - 1, .max] {
            #expect(try TraceSampler(ratio: 1).isSampled(Self.trace(low)))
            #expect(try !TraceSampler(ratio: 0).isSampled(Self.trace(low)))
        }
        for ratio in [-1, -Double.infinity, .nan] { #expect(TraceSampler(ratio: ratio).ratio == 0) }
        for ratio in [2, Double.infinity] { #expect(TraceSampler(ratio: ratio).ratio == 1) }
    }

    /// Half: the upper half of the last 56 bits, whatever stands before them.
    @Test func decidesByTheLastBits() throws {
        let half = TraceSampler(ratio: 0.5)
        #expect(try !half.isSampled(Self.trace((1 << 55) - 1)))
        #expect(try half.isSampled(Self.trace(1 << 55)))
        #expect(try !half.isSampled(Self.trace(0xFF << 56)))
    }

    @Test(arguments: [0.001, 0.1, 0.5, 0.9]) func shareIsKept(ratio: Double) {
        let identifiers = TraceIdentifiers()
        let sampler = TraceSampler(ratio: ratio)
        let count = (0..<100_000).count { _ in sampler.isSampled(identifiers.traceID()) }
        // Ten standard deviations.
        #expect(abs(Double(count) - 100_000 * ratio) < 10 * (100_000 * ratio * (1 - ratio)).squareRoot())
    }

    /// Who samples less, samples a part of what who samples more does: traces stay whole.
    @Test func smallerSharesAreParts() {
        let identifiers = TraceIdentifiers()
        for _ in 0..<10_000 {
            let trace = identifiers.traceID()
            if TraceSampler(ratio: 0.1).isSampled(trace) { #expect(TraceSampler(ratio: 0.3).isSampled(trace)) }
        }
    }

    @Test func parentDecides() throws {
        let trace = try Self.trace(1)
        let span = try #require(SpanID(1))
        for isSampled in [true, false] {
            let parent = TraceContext(traceID: trace, spanID: span, isSampled: isSampled)
            for ratio in [0.0, 1] {
                #expect(TraceSampler(ratio: ratio).isSampled(trace, parent: parent) == isSampled)
            }
        }
    }
}
