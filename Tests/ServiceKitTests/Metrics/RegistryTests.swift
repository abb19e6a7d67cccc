import CoreMetrics
import Testing

@testable import ServiceKit

@Suite struct RegistryTests {
    private static func refused(_ registry: PrometheusRegistry, _ reason: SeriesRefusal) -> String? {
        registry.value("datavault_metrics_refused_total{reason=\"\(reason.rawValue)\"}")
    }

    @Test func sameNameAndLabelsShareTheirValue() {
        let registry = bareRegistry()
        Counter(label: "a.b", dimensions: [("x", "1"), ("y", "2")], factory: registry).increment()
        Counter(label: "a_b_total", dimensions: [("y", "2"), ("x", "1")], factory: registry).increment()
        #expect(registry.value("a_b_total{x=\"1\",y=\"2\"}") == "2")
    }

    @Test func seriesAreBounded() {
        let registry = bareRegistry { $0.maxSeriesPerMetric = 2 }
        for number in 0..<5 { Counter(label: "a", dimensions: [("n", "\(number)")], factory: registry).increment() }
        Counter(label: "a", dimensions: [("n", "0")], factory: registry).increment()
        #expect(registry.text() == "# TYPE a_total counter\na_total{n=\"0\"} 2\na_total{n=\"1\"} 1\n")
        #expect(Self.refused(registry, .series) == "3")
    }

    @Test func metricsAreBounded() {
        // The registry's own two count, and are there whatever the bounds are.
        let registry = bareRegistry { $0.maxMetrics = 3 }
        for name in ["a", "b", "c"] { Gauge(label: name, factory: registry).record(1) }
        #expect(registry.text() == "# TYPE a gauge\na 1.0\n")
        #expect(Self.refused(registry, .metrics) == "2")
        let tiny = bareRegistry { $0.maxMetrics = 0 }
        Gauge(label: "a", factory: tiny).record(1)
        #expect(Self.refused(tiny, .metrics) == "1")
    }

    @Test func kindsDoNotMix() {
        let registry = bareRegistry()
        Counter(label: "a", factory: registry).increment()
        Gauge(label: "a", factory: registry).record(5)
        FloatingPointCounter(label: "a", factory: registry).increment(by: 0.5)
        Gauge(label: "a_total", factory: registry).record(5)
        Timer(label: "wait", factory: registry).recordNanoseconds(1)
        Recorder(label: "wait_seconds", factory: registry).record(1)
        Gauge(label: "wait_seconds_count", factory: registry).record(5)
        #expect(Self.refused(registry, .kind) == "5")
        #expect(registry.value("a_total") == "1")
        #expect(registry.value("wait_seconds_count") == "1")
        #expect(registry.value("wait_seconds_sum") == "0.000000001")
    }

    @Test func labelsAreChecked() {
        let registry = bareRegistry()
        Counter(label: "a", dimensions: [("k", String(repeating: "v", count: 300))], factory: registry).increment()
        Counter(label: "a", dimensions: [("__k", "v")], factory: registry).increment()
        Counter(label: "", factory: registry).increment()
        #expect(registry.text() == "")
        #expect(Self.refused(registry, .labelLength) == "1")
        #expect(Self.refused(registry, .labelName) == "1")
        #expect(Self.refused(registry, .name) == "1")
    }

    @Test func destroyedWhenTheLastUserIsGone() {
        let registry = bareRegistry()
        let first = Counter(label: "a", factory: registry)
        let second = Counter(label: "a", factory: registry)
        first.increment()
        first.destroy()
        second.increment()
        #expect(registry.value("a_total") == "2")
        second.destroy()
        #expect(registry.text() == "")
        // Who keeps a handler may go on using it; it counts for nothing.
        second.increment()
        second.destroy()
        // The name is free again, for another kind, too, and begins anew.
        Gauge(label: "a", factory: registry).record(3)
        #expect(registry.text() == "# TYPE a gauge\na 3.0\n")
    }

    @Test func allKindsCanBeDestroyed() {
        let registry = bareRegistry()
        FloatingPointCounter(label: "a", factory: registry).destroy()
        Meter(label: "b", factory: registry).destroy()
        Recorder(label: "c", factory: registry).destroy()
        Gauge(label: "d", factory: registry).destroy()
        Timer(label: "e", factory: registry).destroy()
        Counter(label: "f", factory: NOOPMetricsHandler.instance).destroy()
        registry.destroyCounter(NOOPMetricsHandler.instance)
        #expect(registry.text() == "")
    }

    @Test func roomComesBackWithDestruction() {
        let registry = bareRegistry { $0.maxSeriesPerMetric = 1 }
        for number in 0..<10 {
            let counter = Counter(label: "a", dimensions: [("n", "\(number)")], factory: registry)
            counter.increment()
            #expect(registry.value("a_total{n=\"\(number)\"}") == "1")
            counter.destroy()
        }
        #expect(Self.refused(registry, .series) == "0")
    }

    @Test func helpIsCut() {
        let registry = bareRegistry([.init("a", help: String(repeating: "é", count: 500))])
        Gauge(label: "a", factory: registry).record(1)
        #expect(registry.text().contains("# HELP a \(String(repeating: "é", count: 256))\n"))
    }

    @Test func bucketsAreBounded() {
        let many = (0..<1000).map(Double.init)
        let registry = bareRegistry([.init("a", help: "A.", buckets: many)]) { $0.maxBuckets = 8 }
        Recorder(label: "a", factory: registry).record(5)
        #expect(registry.text().split(separator: "\n").count { $0.hasPrefix("a_bucket") } == 9)
    }

    @Test func defaultBucketsFollowTheUnit() {
        let registry = bareRegistry()
        Timer(label: "wait", factory: registry).recordNanoseconds(1)
        Recorder(label: "size_bytes", factory: registry).record(1)
        Recorder(label: "count", factory: registry).record(1)
        let text = registry.text()
        #expect(
            text.contains("wait_seconds_bucket{le=\"0.0001\"}") && text.contains("wait_seconds_bucket{le=\"60.0\"}"))
        #expect(
            text.contains("size_bytes_bucket{le=\"64.0\"}") && text.contains("size_bytes_bucket{le=\"67108864.0\"}"))
        #expect(text.contains("count_bucket{le=\"10000.0\"}"))
    }

    /// Each metric that the suite documents keeps the conventions: the name that is scraped is the one that was said.
    @Test(arguments: MetricDescription.suite) func suiteKeepsConventions(description: MetricDescription) {
        let kind: MetricKind = description.name.hasSuffix("_total") ? .counter : .gauge
        #expect(MetricName(description.name, kind, maxLength: 200)?.full == description.name)
        #expect(description.help.hasSuffix("."))
        let stem = description.name.hasSuffix("_total") ? String(description.name.dropLast(6)) : description.name
        if let unit = description.unit { #expect(stem.hasSuffix("_" + unit.name)) }
    }
}

@Suite struct ObserverTests {
    @Test func valuesAreAskedForAtEachScrape() {
        let registry = bareRegistry()
        let counter = CounterCell()
        let observed = [
            ObservedMetric(.init("depth", help: "Depth."), labels: [("q", "a")]),
            ObservedMetric(.init("seen_total", help: "Seen."), .counter),
        ]
        let observation = registry.observe(observed) {
            counter.increment(by: 1)
            return [Double(counter.current), Double(counter.current * 10)]
        }
        #expect(registry.value("depth{q=\"a\"}") == "1.0")
        #expect(registry.value("seen_total") == "20.0")
        observation.end()
        observation.end()
        #expect(registry.text() == "")
        #expect(counter.current == 2)
    }

    /// An observer may make metrics, and may answer with too few values.
    @Test func observersRunOutsideOfLocks() {
        let registry = bareRegistry()
        registry.observe([ObservedMetric(.init("a", help: "A.")), ObservedMetric(.init("b", help: "B."))]) {
            Gauge(label: "c", factory: registry).record(1)
            return [4]
        }
        let text = registry.text()
        #expect(text.contains("\na 4.0\n") && text.contains("\nb 0.0\n") && text.contains("\nc 1.0\n"))
    }

    @Test func processIsMeasured() throws {
        let registry = PrometheusRegistry()
        for name in ["cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "threads", "open_fds"] {
            #expect(try #require(Double(registry.value("process_\(name)") ?? "")) > 0)
        }
        let start = try #require(Double(registry.value("process_start_time_seconds") ?? ""))
        #expect(start > 1_600_000_000)
    }

    @Test func statLineWithHostileName() {
        let fields = (4...52).map(String.init).joined(separator: " ")
        let stat = ProcessStat("17 (a) S b) (c) R \(fields)\n")
        #expect(stat?.processorTicks == 14 + 15)
        #expect(stat?.threads == 20)
        #expect(stat?.startTicks == 22)
        #expect(stat?.virtualBytes == 23)
        #expect(stat?.residentPages == 24)
        #expect(ProcessStat("17 (a) S 1 2") == nil)
        #expect(ProcessStat("") == nil)
    }
}
