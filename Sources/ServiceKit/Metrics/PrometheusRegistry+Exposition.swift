import Synchronization

extension PrometheusRegistry {
    /// The metrics as a scraper reads them, always in the same order.
    ///
    /// - Returns: At most `maxExpositionSize` bytes of UTF-8. What has no room is left out, metric by metric, and counts
    ///   in `datavault_metrics_left_out_total`.
    public func exposition(_ format: ExpositionFormat = .text) -> [UInt8] {
        var bytes: [UInt8] = []
        exposition(into: &bytes, format)
        return bytes
    }

    /// Appends the metrics to `bytes`, whose memory can so be used again.
    public func exposition(into bytes: inout [UInt8], _ format: ExpositionFormat = .text) {
        for observer in state.withLock({ $0.observers }) { observer.update() }
        // Values are read outside of the lock: those who make metrics meanwhile do not wait.
        let families = state.withLock { $0.families }.values.sorted { $0.name.base < $1.name.base }
        var writer = ExpositionWriter(
            appendingTo: bytes, format: format, limit: configuration.maxExpositionSize)
        bytes = []
        for index in families.indices where !writer.write(families[index]) { leftOut.increment(by: 1) }
        writer.finish()
        bytes = writer.bytes
    }
}
