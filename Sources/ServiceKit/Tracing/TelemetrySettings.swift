import PolicyModel
import Wire

/// What the process tells of itself: metrics and traces.
public enum TelemetrySettings {
    /// `metrics.maximum-series`
    public static let maximumSeries = SettingKey(
        "metrics.maximum-series", default: MetricsConfiguration().maxSeriesPerMetric, in: 1...1_000_000,
        "Combinations of labels of one metric; further ones are not kept, and counted.")
    /// `tracing.endpoint`
    public static let endpoint = SettingKey(
        "tracing.endpoint", default: "",
        "An OpenTelemetry collector that takes OTLP over gRPC, as `https://collector:4317`. Empty: no traces.",
        mustBe: "http://HOST:PORT or https://HOST:PORT"
    ) { text in
        text.isEmpty || (try? OTLPEndpoint(text)) != nil
    }
    /// `tracing.headers`
    public static let headers = SettingKey(
        "tracing.headers", default: [String](), secret: true,
        "Sent with each export, as `name=value`, with commas between.", mustBe: "name=value"
    ) { headers in
        headers.allSatisfy { $0.contains("=") && !$0.hasPrefix("=") }
    }
    /// `tracing.ca-file`
    public static let authorityFile = SettingKey(
        "tracing.ca-file", default: "", "Who vouches for the collector. Empty: the authorities that the system trusts.")
    /// `tracing.sampled-ratio`
    public static let sampledRatio = SettingKey(
        "tracing.sampled-ratio", default: 1.0, in: 0.0...1.0,
        "The share of the traces that begin here; others are recorded if their caller records them.")
    /// `tracing.compressed`
    public static let isCompressed = SettingKey("tracing.compressed", default: false, "Whether exports are compressed.")
    /// `tracing.maximum-queued-spans`
    public static let maximumQueuedSpans = SettingKey(
        "tracing.maximum-queued-spans", default: 8_192, in: 1...1_000_000,
        "Spans that wait to be sent; further ones are dropped, and counted.")
    /// `tracing.batch-delay`
    public static let batchDelay = SettingKey(
        "tracing.batch-delay", default: Duration.seconds(1), in: Duration.milliseconds(1)...Duration.seconds(60),
        "How long a span waits for others before they are sent.")
    /// `tracing.export-timeout`
    public static let exportTimeout = SettingKey(
        "tracing.export-timeout", default: Duration.seconds(10), in: Duration.milliseconds(100)...Duration.seconds(300),
        "The time of one attempt to send.")
    /// `tracing.shutdown-timeout`
    public static let shutdownTimeout = SettingKey(
        "tracing.shutdown-timeout", default: Duration.seconds(5), in: .zero...Duration.seconds(60),
        "How long the end of the process waits for spans to be sent.")

    /// The section for a schema.
    public static let section = SettingsSchema.Section(
        "Telemetry", "Metrics are served by each role's admin port; traces are sent to a collector.",
        [
            maximumSeries.declaration, endpoint.declaration, headers.declaration, authorityFile.declaration,
            sampledRatio.declaration, isCompressed.declaration, maximumQueuedSpans.declaration,
            batchDelay.declaration, exportTimeout.declaration, shutdownTimeout.declaration,
        ])

    /// Sets metrics and traces up for the process, once.
    ///
    /// - Parameter serviceName: What the collector calls the process.
    /// - Throws: `TelemetryConfigurationError` or `TLSError` for what cannot be used.
    public static func bootstrap(_ settings: Settings, serviceName: String, version: String) throws -> Telemetry {
        var metrics = MetricsConfiguration()
        metrics.maxSeriesPerMetric = settings[maximumSeries]
        return try Telemetry.bootstrap(
            metrics: metrics, tracing: try tracing(settings),
            resource: TelemetryResource(serviceName: serviceName, serviceVersion: version))
    }

    private static func tracing(_ settings: Settings) throws -> TracingConfiguration? {
        guard !settings[endpoint].isEmpty else { return nil }
        var tracing = TracingConfiguration(endpoint: try OTLPEndpoint(settings[endpoint]))
        tracing.headers = settings[headers].compactMap { header in
            let parts = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? OTLPHeader(parts[0].trimmed.lowercased(), parts[1].trimmed) : nil
        }
        if !settings[authorityFile].isEmpty { tracing.tls.trust = .files([settings[authorityFile]]) }
        tracing.sampledRatio = settings[sampledRatio]
        tracing.isCompressed = settings[isCompressed]
        tracing.maxQueuedSpans = settings[maximumQueuedSpans]
        tracing.batchDelay = settings[batchDelay]
        tracing.exportTimeout = settings[exportTimeout]
        tracing.shutdownTimeout = settings[shutdownTimeout]
        return tracing
    }
}
