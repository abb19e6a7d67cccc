import Metrics
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps the sums of all counters, and nothing of other metrics: the server's memory is what is watched.
final class Counters: MetricsFactory {
    private final class Sum: CounterHandler {
        let value = Atomic<Int64>(0)
        func increment(by amount: Int64) { value.add(amount, ordering: .relaxed) }
        func reset() { value.store(0, ordering: .relaxed) }
    }

    private let sums = Mutex([String: Sum]())

    /// `name=value` of each counter that is not zero, and the calls in flight.
    func text(callsInFlight: Int) -> String {
        let parts = sums.withLock { sums in
            sums.compactMap { name, sum -> String? in
                let value = sum.value.load(ordering: .relaxed)
                return value == 0 ? nil : "\(name)=\(value)"
            }
        }
        return (["calls=\(callsInFlight)"] + parts.sorted()).joined(separator: " ")
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let name = ([label] + dimensions.map { $0.1 }).joined(separator: "/")
        return sums.withLock { sums in
            if let known = sums[name] { return known }
            let sum = Sum()
            sums[name] = sum
            return sum
        }
    }

    func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler { NOOPMetricsHandler.instance }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}

/// Sends what was printed, as output to a pipe is not sent by the line.
func flushOutput() { fflush(nil) }

/// Ends the process at once: its tester has gone.
func exitNow() -> Never { exit(0) }
