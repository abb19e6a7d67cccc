import CoreMetrics
import Synchronization

/// Keeps the metrics of a process and shows them to Prometheus: a backend of swift-metrics.
///
///     let registry = PrometheusRegistry()
///     MetricsSystem.bootstrap(registry)
///     …
///     let body = registry.exposition(.text)
///
/// Metrics of the same name and labels share their value, whoever made them. Counting is an atomic addition; names and
/// labels are looked at only when a metric is made. What breaks a bound of the configuration, or conventions that
/// cannot be mended, is not kept: it counts in `datavault_metrics_refused_total{reason=…}`, and what was asked for does
/// nothing.
public final class PrometheusRegistry: Sendable {
    public let configuration: MetricsConfiguration

    struct State {
        /// Keyed by the name without `_total`.
        var families: [String: MetricFamily] = [:]
        /// Every name under which values appear, and the family whose values they are.
        var sampleNames: [String: String] = [:]
        /// Keyed by the name as it is scraped.
        var descriptions: [String: MetricDescription] = [:]
        /// Where each cell stands, for the time when it is destroyed.
        var places: [ObjectIdentifier: (family: String, labels: LabelSet)] = [:]
        /// Functions that are asked at each exposition, in the order of their coming.
        var observers: [MetricObserver] = []
        var nextObserver = 0
    }

    let state: Mutex<State>
    let refusals: [SeriesRefusal: CounterCell]
    /// Metrics that an exposition had no room for.
    let leftOut: CounterCell

    /// - Parameter descriptions: What is known of metrics before they are made.
    public init(
        configuration: MetricsConfiguration = MetricsConfiguration(),
        descriptions: [MetricDescription] = MetricDescription.suite
    ) {
        self.configuration = configuration
        refusals = Dictionary(uniqueKeysWithValues: SeriesRefusal.allCases.map { ($0, CounterCell()) })
        leftOut = CounterCell()
        state = Mutex(State())
        describe(descriptions)
        state.withLock { addOwn(to: &$0) }
        if configuration.includesProcess { ProcessMetrics.observe(in: self) }
    }

    /// The registry that the process's metrics go to; nil where nobody keeps metrics.
    public static var ofProcess: PrometheusRegistry? { MetricsSystem.factory as? PrometheusRegistry }

    /// Adds what is known of metrics; call it before they are made, as those that exist keep what they have.
    public func describe(_ descriptions: [MetricDescription]) {
        state.withLock { state in
            for description in descriptions { state.descriptions[description.name] = description }
        }
    }

    /// The registry's own counters, which are there whatever the bounds are.
    private func addOwn(to state: inout State) {
        for (reason, cell) in refusals {
            adopt("datavault_metrics_refused_total", [("reason", reason.rawValue)], cell, in: &state)
        }
        adopt("datavault_metrics_left_out_total", [], leftOut, in: &state)
    }

    private func adopt(
        _ label: String, _ dimensions: [(String, String)], _ cell: CounterCell, in state: inout State
    ) {
        var limits = MetricsConfiguration()
        limits.maxMetrics = .max
        _ = try? Self.cell(label, .counter, dimensions, limits: limits, in: &state) { _ in .counter(cell) }
    }

    // MARK: Making series

    /// The cell of a series: the one that is there, or a new one; nil if it is refused.
    func cell(
        _ label: String, _ kind: MetricKind, _ dimensions: [(String, String)], isTime: Bool = false,
        make: ([Double]) -> MetricCell
    ) -> MetricCell? {
        do throws(SeriesRefusal) {
            return try state.withLock { state throws(SeriesRefusal) in
                try Self.cell(
                    label, kind, dimensions, isTime: isTime, limits: configuration, in: &state, make: make)
            }
        } catch {
            refusals[error]?.increment(by: 1)
            return nil
        }
    }

    private static func cell(
        _ label: String, _ kind: MetricKind, _ dimensions: [(String, String)], isTime: Bool = false,
        limits: MetricsConfiguration, in state: inout State, make: ([Double]) -> MetricCell
    ) throws(SeriesRefusal) -> MetricCell {
        guard let name = MetricName(label, kind, isTime: isTime, maxLength: limits.maxNameLength) else { throw .name }
        let labels = try LabelSet(dimensions, reserved: kind == .histogram ? "le" : nil, limits: limits)
        try ensureFamily(name, isTime: isTime, limits: limits, in: &state)
        guard
            let cell = try state.families[name.base]?.cell(
                for: labels, limit: limits.maxSeriesPerMetric, make: make)
        else { throw .kind }
        state.places[ObjectIdentifier(cell.object)] = (name.base, labels)
        return cell
    }

    /// Makes the family of a name, unless there is one of the same kind.
    static func ensureFamily(
        _ name: MetricName, isTime: Bool = false, limits: MetricsConfiguration, in state: inout State
    ) throws(SeriesRefusal) {
        if let family = state.families[name.base] {
            guard family.name == name else { throw .kind }
            return
        }
        let samples = name.samples
        guard !samples.contains(where: { state.sampleNames[$0] != nil }) else { throw .kind }
        guard state.families.count < limits.maxMetrics else { throw .metrics }
        let description = state.descriptions[name.full]
        let unit = description?.unit ?? (isTime ? .seconds : name.base.hasSuffix("_bytes") ? .bytes : nil)
        state.families[name.base] = MetricFamily(
            name: name,
            help: description.map { Self.cut($0.help, to: limits.maxHelpLength) },
            unit: unit,
            buckets: name.kind == .histogram ? Self.buckets(description, unit, limits) : []
        )
        for sample in samples { state.sampleNames[sample] = name.base }
    }

    private static func buckets(
        _ description: MetricDescription?, _ unit: MetricUnit?, _ configuration: MetricsConfiguration
    ) -> [Double] {
        let wanted =
            if let own = description?.buckets {
                own
            } else {
                switch unit {
                case .seconds: configuration.secondsBuckets
                case .bytes: configuration.bytesBuckets
                default: configuration.otherBuckets
                }
            }
        // Rising and each once, whatever was configured; `+Inf` comes by itself.
        return Array(Set(wanted.filter(\.isFinite)).sorted().prefix(configuration.maxBuckets))
    }

    private static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var text = text
        while text.utf8.count > limit { text.removeLast() }
        return text
    }

    // MARK: Taking series away

    /// Gives up one use of a series. What was made elsewhere, or refused, is not known here.
    func release(_ cell: AnyObject) {
        state.withLock { state in
            let id = ObjectIdentifier(cell)
            guard let place = state.places[id], state.families[place.family]?.release(place.labels) == true
            else { return }
            state.places[id] = nil
            guard let family = state.families[place.family], family.series.isEmpty else { return }
            state.families[place.family] = nil
            for sample in family.name.samples { state.sampleNames[sample] = nil }
        }
    }
}
