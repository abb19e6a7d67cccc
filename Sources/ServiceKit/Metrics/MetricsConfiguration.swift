/// What the metrics of a process may take, and what histograms look like where nothing else is said.
public struct MetricsConfiguration: Sendable, Hashable {
    // MARK: Bounds

    /// Metrics of different names. Further ones are refused.
    public var maxMetrics = 2000
    /// Label sets of one metric. Further ones are refused.
    public var maxSeriesPerMetric = 5000
    /// Labels of one series.
    public var maxLabels = 16
    /// Bytes of a metric's or a label's name.
    public var maxNameLength = 200
    /// Bytes of a label's value, before escaping.
    public var maxLabelLength = 256
    /// Bytes of a HELP text; longer ones are cut.
    public var maxHelpLength = 512
    /// Bounds of one histogram, `+Inf` not counted.
    public var maxBuckets = 64
    /// Bytes of one exposition. Metrics that do not fit are left out whole, those with the later names first.
    public var maxExpositionSize = 16 * 1024 * 1024

    // MARK: Histograms

    /// Bounds of histograms of times, in seconds.
    public var secondsBuckets = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// Bounds of histograms of sizes, in bytes: 64 B to 64 MiB, each four times the one before.
    public var bytesBuckets: [Double] = (3...13).map { Double(1 << (2 * $0)) }
    /// Bounds of other histograms.
    public var otherBuckets: [Double] = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]

    // MARK: What is measured beside

    /// Whether the process itself is measured: memory, processor time, open files (`process_…`).
    public var includesProcess = true

    public init() {}
}
