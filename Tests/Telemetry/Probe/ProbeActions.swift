import Metrics
import ServiceKit
import Tracing

/// What tests ask of the probe beside calls.
struct ProbeActions: Sendable {
    let telemetry: Telemetry

    static let descriptions: [MetricDescription] = [
        .init("probe_things_total", help: "Things, by kind; \\ and\nlines are escaped."),
        .init("probe_weight_total", help: "Fractions."),
        .init("probe_level", help: "Up and down."),
        .init("probe_wait_seconds", help: "Waits.", unit: .seconds, buckets: [0.001, 0.01, 0.1, 1]),
        .init("probe_size_bytes", help: "Sizes.", unit: .bytes),
    ]

    /// Records values that the test knows.
    func record() {
        Counter(label: "probe_things", dimensions: [("kind", "plain")]).increment(by: 3)
        Counter(label: "probe_things", dimensions: [("kind", "quote \" slash \\ line\nend")]).increment()
        FloatingPointCounter(label: "probe_weight").increment(by: 1.5)
        Gauge(label: "probe_level").record(-2.5)
        let timer = Timer(label: "probe_wait")
        for milliseconds in [0.5, 5, 5, 50, 500, 5000] { timer.recordNanoseconds(Int64(milliseconds * 1e6)) }
        let sizes = Recorder(label: "probe_size_bytes")
        for size in [10, 100, 1_000_000] { sizes.record(size) }
    }

    /// Ends so many spans; how many nanoseconds that took.
    func burst(_ count: Int) -> UInt64 {
        let start = ContinuousClock.now
        for _ in 0..<count { startSpan("burst").end() }
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }

    /// Makes so many series of one metric.
    func series(_ count: Int) {
        for number in 0..<count { Counter(label: "probe_series", dimensions: [("n", "\(number)")]).increment() }
    }
}
