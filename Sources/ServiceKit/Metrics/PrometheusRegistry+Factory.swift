public import CoreMetrics

extension PrometheusRegistry: MetricsFactory {
    /// A counter; its name ends in `_total`, which is added where it is missing.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(CounterCell.self, label, .counter, dimensions) { _ in .counter(CounterCell()) }
            ?? NOOPMetricsHandler.instance
    }

    /// A counter of fractions.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        handler(FloatingCounterCell.self, label, .counter, dimensions) { _ in .floatingCounter(FloatingCounterCell()) }
            ?? NOOPMetricsHandler.instance
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// A histogram if values are aggregated, a gauge otherwise.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return gauge(label, dimensions) ?? NOOPMetricsHandler.instance }
        return handler(ValueHistogram.self, label, .histogram, dimensions) { .values(ValueHistogram(bounds: $0)) }
            ?? NOOPMetricsHandler.instance
    }

    /// A histogram of seconds; its name ends in `_seconds`, which is added where it is missing.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        handler(TimeHistogram.self, label, .histogram, dimensions, isTime: true) { .times(TimeHistogram(bounds: $0)) }
            ?? NOOPMetricsHandler.instance
    }

    public func destroyCounter(_ handler: any CounterHandler) { release(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { release(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { release(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { release(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { release(handler) }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeCell? {
        handler(GaugeCell.self, label, .gauge, dimensions) { _ in .gauge(GaugeCell()) }
    }

    /// The cell of a series as the handler that was asked for; nil if it is refused, also because the series is kept
    /// in another way already: whole numbers where fractions come, times where other values come.
    func handler<Handler: AnyObject>(
        _ type: Handler.Type, _ label: String, _ kind: MetricKind, _ dimensions: [(String, String)],
        isTime: Bool = false, make: ([Double]) -> MetricCell
    ) -> Handler? {
        guard let cell = cell(label, kind, dimensions, isTime: isTime, make: make) else { return nil }
        if let handler = cell.object as? Handler { return handler }
        release(cell.object)
        refusals[.kind]?.increment(by: 1)
        return nil
    }
}
