import Synchronization

/// Makes identifiers of traces and spans: random enough to be unique everywhere, and cheap, as each span takes one.
///
/// Two counters, each mixed by SplitMix64's finalizer (Steele, Lea, Flood, 2014), with starts and steps from the system's
/// generator. They are no secrets.
final class TraceIdentifiers: Sendable {
    private let first: Atomic<UInt64>
    private let second: Atomic<UInt64>
    private let firstStep: UInt64
    private let secondStep: UInt64

    init(using generator: inout some RandomNumberGenerator) {
        first = Atomic(generator.next())
        second = Atomic(generator.next())
        // Odd, so that a counter takes each value once before one comes again.
        firstStep = generator.next() | 1
        secondStep = generator.next() | 1
    }

    convenience init() {
        var generator = SystemRandomNumberGenerator()
        self.init(using: &generator)
    }

    func traceID() -> TraceID {
        while true {
            let high = Self.mixed(first.wrappingAdd(firstStep, ordering: .relaxed).newValue)
            let low = Self.mixed(second.wrappingAdd(secondStep, ordering: .relaxed).newValue)
            if let id = TraceID(high: high, low: low) { return id }
        }
    }

    func spanID() -> SpanID {
        while true {
            if let id = SpanID(Self.mixed(first.wrappingAdd(firstStep, ordering: .relaxed).newValue)) { return id }
        }
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
