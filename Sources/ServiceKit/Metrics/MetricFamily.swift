import CoreMetrics

/// What keeps the values of one series.
enum MetricCell: Sendable {
    case counter(CounterCell)
    case floatingCounter(FloatingCounterCell)
    case gauge(GaugeCell)
    case times(TimeHistogram)
    case values(ValueHistogram)

    /// The same object that swift-metrics holds as its handler.
    var object: AnyObject {
        switch self {
        case .counter(let cell): cell
        case .floatingCounter(let cell): cell
        case .gauge(let cell): cell
        case .times(let cell): cell
        case .values(let cell): cell
        }
    }
}

/// The series of one name.
struct MetricFamily: Sendable {
    struct Series: Sendable {
        let labels: LabelSet
        let cell: MetricCell
        /// Metrics made for it and not destroyed: the last one takes it away.
        var users = 1
    }

    let name: MetricName
    let help: String?
    let unit: MetricUnit?
    /// Bounds of a histogram's buckets.
    let buckets: [Double]
    /// Sorted by labels, so that scrapes always have the same order.
    private(set) var series: [Series] = []

    init(name: MetricName, help: String?, unit: MetricUnit?, buckets: [Double]) {
        self.name = name
        self.help = help
        self.unit = unit
        self.buckets = buckets
    }

    /// The place of a label set, or where it would be put.
    private func place(of labels: LabelSet) -> (index: Int, isTaken: Bool) {
        var low = 0
        var high = series.count
        while low < high {
            let middle = (low + high) / 2
            if series[middle].labels.text < labels.text { low = middle + 1 } else { high = middle }
        }
        return (low, low < series.count && series[low].labels == labels)
    }

    /// The cell of a label set, made if there is none.
    mutating func cell(
        for labels: LabelSet, limit: Int, make: ([Double]) -> MetricCell
    ) throws(SeriesRefusal) -> MetricCell {
        let (index, isTaken) = place(of: labels)
        if isTaken {
            series[index].users += 1
            return series[index].cell
        }
        guard series.count < limit else { throw .series }
        let cell = make(buckets)
        series.insert(Series(labels: labels, cell: cell), at: index)
        return cell
    }

    /// Gives up one use of a series; true if that was the last one, which takes the series away.
    mutating func release(_ labels: LabelSet) -> Bool {
        let (index, isTaken) = place(of: labels)
        guard isTaken else { return false }
        series[index].users -= 1
        guard series[index].users == 0 else { return false }
        series.remove(at: index)
        return true
    }
}
