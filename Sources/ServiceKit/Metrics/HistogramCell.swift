import CoreMetrics
import Synchronization

/// How many values fell into each bucket; the last bucket is the one without a bound.
///
/// The number of all values is the sum of the buckets, so that recording one touches one counter.
@safe struct BucketCounts: ~Copyable, @unchecked Sendable {
    // Atomics in one piece of memory, which this value owns; they are never replaced.
    private let counters: UnsafeMutablePointer<Atomic<Int64>>
    let count: Int

    init(count: Int) {
        self.count = count
        unsafe counters = .allocate(capacity: count)
        for index in 0..<count { unsafe (counters + index).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe counters.deinitialize(count: count)
        unsafe counters.deallocate()
    }

    func increment(_ index: Int) {
        precondition(index >= 0 && index < count)
        unsafe counters[index].wrappingAdd(1, ordering: .relaxed)
    }

    subscript(index: Int) -> Int64 {
        precondition(index >= 0 && index < count)
        return unsafe counters[index].load(ordering: .relaxed)
    }
}

/// A histogram of times in whole nanoseconds: recording one is two atomic additions.
final class TimeHistogram: TimerHandler {
    private let bounds: [Int64]
    let counts: BucketCounts
    private let sum = Atomic<Int64>(0)
    /// How often the sum was brought back by `spill`: times of thousands of calls at once add up to centuries.
    private let spills = Atomic<Int64>(0)
    private static let spill: Int64 = 1 << 62
    /// The longest time that counts in full, nine years: whatever threads add at once stays below the overflow.
    private static let longest: Int64 = 1 << 58

    /// - Parameter bounds: Rising, in seconds.
    init(bounds: [Double]) {
        self.bounds = bounds.map { Int64(min(($0 * 1e9).rounded(), 9e18)) }
        counts = BucketCounts(count: bounds.count + 1)
    }

    func recordNanoseconds(_ duration: Int64) {
        var index = 0
        // Most times fall into the first buckets, so looking from the front ends soon.
        while index < bounds.count, duration > bounds[index] { index += 1 }
        counts.increment(index)
        guard duration > 0 else { return }
        let sum = sum.wrappingAdd(min(duration, Self.longest), ordering: .relaxed).newValue
        if sum >= Self.spill {
            self.sum.wrappingSubtract(Self.spill, ordering: .relaxed)
            spills.wrappingAdd(1, ordering: .relaxed)
        }
    }

    /// The sum of all times: whole nanoseconds, and seconds over them once it has grown past what those can hold.
    var total: (nanoseconds: Int64, spilledSeconds: Double) {
        (max(0, sum.load(ordering: .relaxed)), Double(spills.load(ordering: .relaxed)) * Double(Self.spill) / 1e9)
    }
}

/// A histogram of any numbers.
final class ValueHistogram: RecorderHandler {
    private let bounds: [Double]
    let counts: BucketCounts
    private let sum = AtomicDouble()

    /// - Parameter bounds: Rising.
    init(bounds: [Double]) {
        self.bounds = bounds
        counts = BucketCounts(count: bounds.count + 1)
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // What is no number is in no bucket, and would spoil the sum for ever.
        guard !value.isNaN else { return }
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        counts.increment(index)
        if value.isFinite { sum.add(value) }
    }

    var total: Double { sum.load() }
}
