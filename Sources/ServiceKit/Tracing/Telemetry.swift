import CoreMetrics
public import Logging
public import ServiceLifecycle
import Synchronization
import Tracing
public import Wire

/// The metrics and traces of a process.
///
///     let telemetry = try Telemetry.bootstrap(
///         metrics: MetricsConfiguration(), tracing: tracing, resource: TelemetryResource(serviceName: "identity"))
///     …
///     let body = telemetry.registry?.exposition(.text)
///
/// Made before servers and channels are, as those take their metrics and decide whether they trace when they are made.
/// As a `Service` it stands first in its group, so that it ends last and still sends the spans of the others' end.
public final class Telemetry: Service {
    /// What is scraped; nil: no metrics.
    public let registry: PrometheusRegistry?
    /// What makes spans; nil: no traces.
    public let tracer: TelemetryTracer?
    private let exporter: SpanExporter?
    private let hasEnded = Wakeup()

    /// Makes the parts without setting them up for the process: for tests, and for several roles side by side.
    ///
    /// - Throws: `TelemetryConfigurationError` or `TLSError` for what cannot be used.
    public init(
        metrics: MetricsConfiguration?, tracing: TracingConfiguration?, resource: TelemetryResource,
        eventLoops: EventLoops = .shared, logger: Logger = Logger(label: "datavault.telemetry")
    ) throws {
        let registry = metrics.map { PrometheusRegistry(configuration: $0) }
        self.registry = registry
        guard let tracing else {
            exporter = nil
            tracer = nil
            return
        }
        try tracing.validate()
        let exporter = try SpanExporter(
            tracing, resource: resource, eventLoops: eventLoops, factory: registry ?? MetricsSystem.factory,
            logger: logger)
        self.exporter = exporter
        tracer = TelemetryTracer(
            sampler: TraceSampler(ratio: tracing.sampledRatio), limits: tracing.limits, mask: tracing.mask
        ) { exporter.add($0) }
        registry?.observe(ExportMetrics.observed) {
            let load = exporter.load
            return [Double(load.spans), Double(load.bytes)]
        }
        exporter.start()
    }

    /// Makes the parts and sets them up for the whole process, which can be done once.
    ///
    /// - Parameters:
    ///   - metrics: nil: swift-metrics stays as it is.
    ///   - tracing: nil: swift-distributed-tracing stays as it is; servers then hand `traceparent` on as it came.
    ///   - resource: Who the process is to the collector.
    ///   - eventLoops: Where exports run.
    /// - Throws: `TelemetryConfigurationError` or `TLSError` for what cannot be used.
    public static func bootstrap(
        metrics: MetricsConfiguration?, tracing: TracingConfiguration?, resource: TelemetryResource,
        eventLoops: EventLoops = .shared, logger: Logger = Logger(label: "datavault.telemetry")
    ) throws -> Telemetry {
        let telemetry = try Telemetry(
            metrics: metrics, tracing: tracing, resource: resource, eventLoops: eventLoops, logger: logger)
        if let registry = telemetry.registry { MetricsSystem.bootstrap(registry) }
        if let tracer = telemetry.tracer { InstrumentationSystem.bootstrap(tracer) }
        return telemetry
    }

    /// Waits until the task is cancelled or its service group shuts down, then sends the spans that wait.
    public func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await hasEnded.wait(for: nil)
        } onCancelOrGracefulShutdown: {
            self.hasEnded.wake()
        }
        await shutdown()
    }

    /// Sends the spans that wait, for `shutdownTimeout` at the longest; those that end later are dropped. Metrics can
    /// be scraped on.
    public func shutdown() async {
        await exporter?.shutdown()
        hasEnded.wake()
    }
}
