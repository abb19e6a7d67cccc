import Dispatch
import Metrics
import ServiceKit
import Tracing

/// What single operations of the hot path cost.
enum Operations {
    private static let rounds = 5

    static func measure() async throws {
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        counters()
        histograms()
        scrapes(registry)
        try spans()
    }

    private static func counters() {
        let first = Counter(label: "first")
        let second = Counter(label: "second")
        // So that the two are not neighbours in memory.
        _ = (0..<100).map { Counter(label: "between_\($0)") }
        let third = Counter(label: "third")
        report("counter, 1 thread", each(5_000_000, threads: 1) { _ in first.increment() })
        report("counter, 2 threads on one", each(5_000_000, threads: 2) { _ in first.increment() })
        report(
            "counter, 2 threads on neighbours", each(5_000_000, threads: 2) { ($0 == 0 ? first : second).increment() })
        report("counter, 2 threads on two", each(5_000_000, threads: 2) { ($0 == 0 ? first : third).increment() })
        let fractions = FloatingPointCounter(label: "fractions")
        report("floating counter, 1 thread", each(5_000_000, threads: 1) { _ in fractions.increment(by: 0.5) })
    }

    private static func histograms() {
        let timer = Timer(label: "wait")
        for (name, nanoseconds) in [
            ("first bucket", 2_000), ("middle bucket", 20_000_000), ("last bucket", 90_000_000_000),
        ] {
            report(
                "timer, 1 thread, \(name)", each(5_000_000, threads: 1) { _ in timer.recordNanoseconds(nanoseconds) })
        }
        report("timer, 2 threads on one", each(5_000_000, threads: 2) { _ in timer.recordNanoseconds(2_000) })
        let recorder = Recorder(label: "size_bytes")
        report("recorder, 1 thread", each(5_000_000, threads: 1) { _ in recorder.record(100) })
    }

    private static func scrapes(_ registry: PrometheusRegistry) {
        for number in 0..<4000 {
            let labels = [
                ("service", "datavault.pipeline.v1.Pipelines"), ("method", "Method\(number)"), ("code", "OK"),
            ]
            Counter(label: "many", dimensions: labels).increment(by: number)
        }
        for number in 0..<50 {
            let labels = [("service", "datavault.pipeline.v1.Pipelines"), ("method", "Method\(number)")]
            Timer(label: "many_times", dimensions: labels).recordNanoseconds(Int64(number) * 1_000_000)
        }
        let bytes = registry.exposition()
        print("exposition: \(bytes.count { $0 == UInt8(ascii: "\n") }) lines, \(bytes.count) bytes")
        let nanoseconds = each(50, threads: 1) { _ in
            _ = registry.exposition()
        }
        report("scrape of ~5 000 series", nanoseconds)
    }

    private static func spans() throws {
        guard let off = try tracer(ratio: 0), let on = try tracer(ratio: 1) else { return }
        var context = ServiceContext.topLevel
        let carrier = ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"]
        off.extract(carrier, into: &context, using: Carrier())
        report(
            "span, parent not sampled",
            each(1_000_000, threads: 1) { [context] _ in
                off.startSpan("a", context: context).end()
            })
        report(
            "span, root not sampled",
            each(1_000_000, threads: 1) { _ in
                off.startSpan("a", context: .topLevel).end()
            })
        report(
            "span, sampled, 4 attributes",
            each(200_000, threads: 1) { _ in
                let span = on.startSpan("a", context: .topLevel)
                span.updateAttributes { attributes in
                    attributes["rpc.system"] = "grpc"
                    attributes["rpc.service"] = "echo.EchoService"
                    attributes["rpc.method"] = "Say"
                    attributes["rpc.grpc.status_code"] = 0
                }
                span.end()
            })
    }

    private struct Carrier: Extractor {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    }

    /// Nobody listens where its spans go: the queue fills, and further ones are dropped.
    private static func tracer(ratio: Double) throws -> TelemetryTracer? {
        var tracing = TracingConfiguration(endpoint: OTLPEndpoint(host: "127.0.0.1", port: 1, isEncrypted: false))
        tracing.sampledRatio = ratio
        return try Telemetry(metrics: nil, tracing: tracing, resource: TelemetryResource(serviceName: "bench")).tracer
    }

    // MARK: Measuring

    /// Nanoseconds an operation, the best of some rounds; with several threads those that pass for each of them.
    private static func each(_ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Void) -> Double {
        (0..<rounds).map { _ in
            let start = DispatchTime.now().uptimeNanoseconds
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                for _ in 0..<count { body(thread) }
            }
            return Double(DispatchTime.now().uptimeNanoseconds - start) / Double(count)
        }.min() ?? 0
    }

    private static func report(_ name: String, _ nanoseconds: Double) {
        let text =
            nanoseconds < 10_000
            ? "\((nanoseconds * 10).rounded() / 10) ns" : "\((nanoseconds / 100).rounded() / 10) µs"
        print("\(name): \(text)")
    }
}
