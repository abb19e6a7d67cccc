import Synchronization

/// A metric whose value is asked for when it is scraped.
public struct ObservedMetric: Sendable {
    public enum Kind: Sendable {
        /// Goes up and down.
        case gauge
        /// Only rises, from the start of the process.
        case counter
    }

    public var description: MetricDescription
    public var kind: Kind
    public var labels: [(String, String)]

    public init(_ description: MetricDescription, _ kind: Kind = .gauge, labels: [(String, String)] = []) {
        self.description = description
        self.kind = kind
        self.labels = labels
    }
}

/// Ends an observation; the metrics go with it.
public struct MetricObservation: Sendable {
    let id: Int
    let registry: PrometheusRegistry

    public func end() { registry.endObservation(id) }
}

/// A function that is asked at each exposition, and where its answers go.
struct MetricObserver: Sendable {
    let id: Int
    let cells: [MetricCell?]
    let read: @Sendable () -> [Double]

    /// Outside of all locks, as the function may make metrics itself.
    func update() {
        for (cell, value) in zip(cells, read()) {
            switch cell {
            case .gauge(let gauge): gauge.set(value)
            case .floatingCounter(let counter): counter.observed(value)
            default: break
            }
        }
    }
}

extension PrometheusRegistry {
    /// Shows values that are kept elsewhere, for example in `/proc` or in a pool.
    ///
    /// - Parameter read: Gives the values in the order of the metrics, NaN for one that cannot be told. Called on the
    ///   thread that makes the exposition, possibly on several at once; it must be quick and must not block.
    @discardableResult
    public func observe(_ metrics: [ObservedMetric], _ read: @escaping @Sendable () -> [Double]) -> MetricObservation {
        describe(metrics.map(\.description))
        let cells = metrics.map { metric -> MetricCell? in
            let name = metric.description.name
            switch metric.kind {
            case .gauge:
                return handler(GaugeCell.self, name, .gauge, metric.labels) { _ in .gauge(GaugeCell()) }
                    .map(MetricCell.gauge)
            case .counter:
                return handler(FloatingCounterCell.self, name, .counter, metric.labels) { _ in
                    .floatingCounter(FloatingCounterCell())
                }.map(MetricCell.floatingCounter)
            }
        }
        let id = state.withLock { state in
            state.nextObserver += 1
            state.observers.append(MetricObserver(id: state.nextObserver, cells: cells, read: read))
            return state.nextObserver
        }
        return MetricObservation(id: id, registry: self)
    }

    func endObservation(_ id: Int) {
        let observer = state.withLock { state in
            state.observers.firstIndex { $0.id == id }.map { state.observers.remove(at: $0) }
        }
        for cell in observer?.cells ?? [] { if let cell { release(cell.object) } }
    }
}
