import CoreMetrics
import Synchronization

/// A counter of whole numbers: an increment is one atomic addition.
final class CounterCell: CounterHandler {
    private let value = Atomic<Int64>(0)

    /// Counters only rise: what is negative is no increment.
    func increment(by amount: Int64) {
        if amount > 0 { value.wrappingAdd(amount, ordering: .relaxed) }
    }

    func reset() { value.store(0, ordering: .relaxed) }

    var current: Int64 { value.load(ordering: .relaxed) }
}

/// A counter of fractions.
final class FloatingCounterCell: FloatingPointCounterHandler {
    private let value = AtomicDouble()

    func increment(by amount: Double) {
        if amount > 0, amount.isFinite { value.add(amount) }
    }

    func reset() { value.store(0) }

    /// Takes over what was counted elsewhere.
    func observed(_ value: Double) { self.value.store(value) }

    var current: Double { value.load() }
}

/// What goes up and down: swift-metrics' meters and gauges.
final class GaugeCell: MeterHandler, RecorderHandler {
    private let value = AtomicDouble()

    func set(_ value: Int64) { self.value.store(Double(value)) }
    func set(_ value: Double) { self.value.store(value) }
    func increment(by amount: Double) { value.add(amount) }
    func decrement(by amount: Double) { value.add(-amount) }
    func record(_ value: Int64) { self.value.store(Double(value)) }
    func record(_ value: Double) { self.value.store(value) }

    var current: Double { value.load() }
}

/// A number that threads add to without a lock.
struct AtomicDouble: ~Copyable, Sendable {
    private let bits = Atomic<UInt64>(0)

    func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let outcome = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if outcome.exchanged { return }
            old = outcome.original
        }
    }
}
