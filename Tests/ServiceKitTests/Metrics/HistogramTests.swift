import CoreMetrics
import Testing

@testable import ServiceKit

@Suite struct HistogramTests {
    private static func counts(_ counts: borrowing BucketCounts) -> [Int64] {
        var all: [Int64] = []
        for index in 0..<counts.count { all.append(counts[index]) }
        return all
    }

    @Test func timesFallIntoBuckets() {
        let histogram = TimeHistogram(bounds: [0.001, 0.01, 1])
        for nanoseconds in [-5, 0, 1, 1_000_000, 1_000_001, 10_000_000, 1_000_000_000, 1_000_000_001, Int64.max] {
            histogram.recordNanoseconds(nanoseconds)
        }
        // Bounds are part of their bucket.
        #expect(Self.counts(histogram.counts) == [4, 2, 1, 2])
    }

    @Test func sumIsExact() {
        let histogram = TimeHistogram(bounds: [1])
        for _ in 0..<1000 { histogram.recordNanoseconds(1_000_000_001) }
        #expect(histogram.total == (1_000_000_001_000, 0))
    }

    /// Centuries of time, as thousands of long calls at once add up to.
    @Test func sumOutlivesSixtyFourBits() {
        let histogram = TimeHistogram(bounds: [])
        let year: Int64 = 365 * 24 * 3600 * 1_000_000_000
        for _ in 0..<1000 { histogram.recordNanoseconds(year) }
        let (nanoseconds, spilled) = histogram.total
        let seconds = spilled + Double(nanoseconds) / 1e9
        #expect(abs(seconds - 1000 * 365 * 24 * 3600) < 1)
    }

    @Test func valuesFallIntoBuckets() {
        let histogram = ValueHistogram(bounds: [0, 10, 100])
        for value in [-1, 0, 0.5, 10, 10.5, 100, 101, .infinity, .nan] { histogram.record(value) }
        #expect(Self.counts(histogram.counts) == [2, 2, 2, 2])
        #expect(histogram.total == 221)
    }
}

@Suite struct CounterTests {
    @Test func countersOnlyRise() {
        let counter = CounterCell()
        counter.increment(by: 5)
        counter.increment(by: -3)
        counter.increment(by: 0)
        #expect(counter.current == 5)
        counter.reset()
        #expect(counter.current == 0)
        let fractions = FloatingCounterCell()
        for amount in [1.5, -1, .infinity, .nan] { fractions.increment(by: amount) }
        #expect(fractions.current == 1.5)
    }

    @Test func gaugesGoUpAndDown() {
        let gauge = GaugeCell()
        gauge.increment(by: 3)
        gauge.decrement(by: 1.5)
        #expect(gauge.current == 1.5)
        gauge.set(Int64(7))
        gauge.record(-2.0)
        #expect(gauge.current == -2)
    }

    @Test func nothingIsLostBetweenThreads() async {
        let registry = PrometheusRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "shared", factory: registry)
                    let fractions = FloatingPointCounter(label: "fractions", factory: registry)
                    let timer = Timer(label: "wait", factory: registry)
                    for _ in 0..<1000 {
                        counter.increment()
                        fractions.increment(by: 0.5)
                        timer.recordNanoseconds(1_000_000)
                    }
                }
            }
        }
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        #expect(text.contains("\nshared_total 8000\n"))
        #expect(text.contains("\nfractions_total 4000.0\n"))
        #expect(text.contains("\nwait_seconds_count 8000\nwait_seconds_sum 8\n"))
    }
}
