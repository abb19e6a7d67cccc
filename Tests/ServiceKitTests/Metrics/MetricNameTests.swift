import Testing

@testable import ServiceKit

@Suite struct MetricNameTests {
    static let names: [(label: String, kind: MetricKind, isTime: Bool, full: String?)] = [
        ("requests", .counter, false, "requests_total"),
        ("requests_total", .counter, false, "requests_total"),
        ("_total", .counter, false, "_total_total"),
        ("http.server-requests", .counter, false, "http_server_requests_total"),
        ("job:size:rate", .gauge, false, "job:size:rate"),
        ("9lives", .gauge, false, "_9lives"),
        ("größe", .gauge, false, "gr____e"),
        ("wait", .histogram, true, "wait_seconds"),
        ("wait_seconds", .histogram, true, "wait_seconds"),
        ("size_bytes", .histogram, false, "size_bytes"),
        ("", .gauge, false, nil),
        (String(repeating: "a", count: 200), .gauge, false, String(repeating: "a", count: 200)),
        (String(repeating: "a", count: 201), .gauge, false, nil),
    ]

    @Test(arguments: names) func conventions(label: String, kind: MetricKind, isTime: Bool, full: String?) {
        #expect(MetricName(label, kind, isTime: isTime, maxLength: 200)?.full == full)
    }
}

@Suite struct LabelSetTests {
    private let limits = MetricsConfiguration()

    @Test func sortedAndEscaped() throws {
        let labels = try LabelSet([("method", "a\\b\"c\nd"), ("code", "OK"), ("x.y", "ü")], limits: limits)
        #expect(labels.text == #"code="OK",method="a\\b\"c\nd",x_y="ü""#)
        #expect(try LabelSet([], limits: limits) == .empty)
        #expect(
            try LabelSet([("b", "2"), ("a", "1")], limits: limits)
                == LabelSet([("a", "1"), ("b", "2")], limits: limits))
    }

    static let refused: [([(String, String)], SeriesRefusal)] = [
        ([("", "x")], .labelName),
        ([("__name__", "x")], .labelName),
        ([("le", "x")], .labelName),
        ([("a", "1"), ("a", "2")], .labelName),
        ([("a.b", "1"), ("a-b", "2")], .labelName),
        ([(String(repeating: "n", count: 201), "1")], .labelName),
        ([("a", String(repeating: "v", count: 257))], .labelLength),
        ((0..<17).map { ("l\($0)", "v") }, .labelCount),
    ]

    @Test(arguments: refused) func refuses(dimensions: [(String, String)], reason: SeriesRefusal) {
        #expect(throws: reason) { try LabelSet(dimensions, reserved: "le", limits: limits) }
    }

    @Test func takesWhatIsJustWithinTheBounds() throws {
        let dimensions = (0..<16).map { ("l\($0)", String(repeating: "v", count: 256)) }
        #expect(try LabelSet(dimensions, limits: limits).text.utf8.count > 16 * 256)
    }
}
