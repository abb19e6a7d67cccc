import CoreMetrics
import Testing

@testable import ServiceKit

/// A registry that has nothing in it but what a test makes.
func bareRegistry(
    _ descriptions: [MetricDescription] = [], _ change: (inout MetricsConfiguration) -> Void = { _ in }
) -> PrometheusRegistry {
    var configuration = MetricsConfiguration()
    configuration.includesProcess = false
    change(&configuration)
    return PrometheusRegistry(configuration: configuration, descriptions: descriptions)
}

extension PrometheusRegistry {
    /// The exposition without the registry's own metrics.
    func text(_ format: ExpositionFormat = .text) -> String {
        String(decoding: exposition(format), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.contains("datavault_metrics_") }.joined(separator: "\n")
    }

    /// The value of a series, as it stands in the text format.
    func value(_ series: String) -> String? {
        String(decoding: exposition(), as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .map { String($0.dropFirst(series.utf8.count + 1)) }
    }
}

@Suite struct ExpositionTests {
    private static func filled() -> PrometheusRegistry {
        let registry = bareRegistry([
            .init("things_total", help: "Things \\ and\n\"more\"."),
            .init("wait_seconds", help: "Waits.", unit: .seconds, buckets: [0.5, 0.001, 0.5, .infinity]),
            .init("size_bytes", help: "Sizes.", unit: .bytes, buckets: [1, 1000]),
        ])
        Counter(label: "things", dimensions: [("z", "2"), ("kind", "b")], factory: registry).increment(by: 7)
        Counter(label: "things", dimensions: [("kind", "a"), ("z", "1")], factory: registry).increment()
        let timer = Timer(label: "wait", factory: registry)
        for nanoseconds in [1_000_000, 250_000_000, 2_000_000_005] as [Int64] { timer.recordNanoseconds(nanoseconds) }
        let sizes = Recorder(label: "size_bytes", dimensions: [("k", "v")], factory: registry)
        for size in [0.5, 10, 1e21] { sizes.record(size) }
        Gauge(label: "level", factory: registry).record(-0.00001)
        return registry
    }

    @Test func text() {
        #expect(
            Self.filled().text() == #"""
                # TYPE level gauge
                level -1e-05
                # HELP size_bytes Sizes.
                # TYPE size_bytes histogram
                size_bytes_bucket{k="v",le="1.0"} 1
                size_bytes_bucket{k="v",le="1000.0"} 2
                size_bytes_bucket{k="v",le="+Inf"} 3
                size_bytes_count{k="v"} 3
                size_bytes_sum{k="v"} 1e+21
                # HELP things_total Things \\ and\n"more".
                # TYPE things_total counter
                things_total{kind="a",z="1"} 1
                things_total{kind="b",z="2"} 7
                # HELP wait_seconds Waits.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.001"} 1
                wait_seconds_bucket{le="0.5"} 2
                wait_seconds_bucket{le="+Inf"} 3
                wait_seconds_count 3
                wait_seconds_sum 2.251000005

                """#)
    }

    @Test func openMetrics() {
        #expect(
            Self.filled().text(.openMetrics) == #"""
                # TYPE level gauge
                level -1e-05
                # HELP size_bytes Sizes.
                # TYPE size_bytes histogram
                # UNIT size_bytes bytes
                size_bytes_bucket{k="v",le="1.0"} 1
                size_bytes_bucket{k="v",le="1000.0"} 2
                size_bytes_bucket{k="v",le="+Inf"} 3
                size_bytes_count{k="v"} 3
                size_bytes_sum{k="v"} 1e+21
                # HELP things Things \\ and\n\"more\".
                # TYPE things counter
                things_total{kind="a",z="1"} 1
                things_total{kind="b",z="2"} 7
                # HELP wait_seconds Waits.
                # TYPE wait_seconds histogram
                # UNIT wait_seconds seconds
                wait_seconds_bucket{le="0.001"} 1
                wait_seconds_bucket{le="0.5"} 2
                wait_seconds_bucket{le="+Inf"} 3
                wait_seconds_count 3
                wait_seconds_sum 2.251000005
                # EOF

                """#)
    }

    @Test func appendsToMemoryThatIsUsedAgain() {
        let registry = Self.filled()
        var bytes = Array("before\n".utf8)
        registry.exposition(into: &bytes)
        #expect(bytes == Array("before\n".utf8) + registry.exposition())
    }

    @Test func sizeIsBounded() {
        let registry = bareRegistry { $0.maxExpositionSize = 4000 }
        for number in 0..<500 { Counter(label: "b", dimensions: [("n", "\(number)")], factory: registry).increment() }
        Counter(label: "c", factory: registry).increment()
        let bytes = registry.exposition(.openMetrics)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(bytes.count <= 4000)
        // Whole metrics, those that still fit, and the end.
        #expect(!text.contains("b_total") && text.contains("\nc_total 1\n") && text.hasSuffix("# EOF\n"))
        // Left out again while this is read.
        #expect(registry.value("datavault_metrics_left_out_total") == "2")
    }

    static let numbers: [(Double, String)] = [
        (0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        (1.5e300, "1.5e+300"), (0.1 + 0.2, "0.30000000000000004"),
    ]

    @Test(arguments: numbers) func writesNumbers(value: Double, text: String) {
        #expect(ExpositionWriter.text(value) == text)
    }

    static let accepted: [(String?, ExpositionFormat)] = [
        (nil, .text), ("", .text), ("*/*", .text), ("text/plain", .text), ("application/json", .text),
        ("application/openmetrics-text", .openMetrics),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
        ("APPLICATION/OpenMetrics-Text;Version=1.0.0", .openMetrics),
        ("application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openMetrics),
        ("application/openmetrics-text;q=0.3, text/plain;q=0.9", .text),
        ("application/openmetrics-text;q=0", .text), ("application/openmetrics-text;q=x", .text),
        ("application/openmetrics-text;q=5", .text), ("application/openmetrics-text;version=2.0.0", .text),
        (";;;,,,;q=1", .text), (String(repeating: "a,", count: 100_000), .text),
    ]

    @Test(arguments: accepted) func negotiation(accept: String?, format: ExpositionFormat) {
        #expect(ExpositionFormat(accept: accept) == format)
    }
}
