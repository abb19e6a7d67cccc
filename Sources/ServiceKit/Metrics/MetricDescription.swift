/// What a base unit is called in a metric's name and in OpenMetrics' `# UNIT`.
public struct MetricUnit: Sendable, Hashable {
    public let name: String

    public init(_ name: String) { self.name = name }

    public static let seconds = MetricUnit("seconds")
    public static let bytes = MetricUnit("bytes")
    public static let ratio = MetricUnit("ratio")
}

/// What people are told about a metric, and how it is kept: declared once by the module that makes it.
public struct MetricDescription: Sendable, Hashable {
    /// The name as it is scraped: `grpc_server_handled_total`.
    public let name: String
    /// One sentence for people who look at a dashboard.
    public let help: String
    /// The base unit, if it has one. The name ends in it (before `_total`).
    public let unit: MetricUnit?
    /// Bounds of a histogram, rising, in the base unit; nil: those of the configuration for the unit.
    public let buckets: [Double]?

    public init(_ name: String, help: String, unit: MetricUnit? = nil, buckets: [Double]? = nil) {
        self.name = name
        self.help = help
        self.unit = unit
        self.buckets = buckets
    }
}
