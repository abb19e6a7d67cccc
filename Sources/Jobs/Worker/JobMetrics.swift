import Metrics
import Synchronization

/// The queue's metrics, made once for each label: making one asks the backend under a lock.
final class JobMetrics: Sendable {
    private struct Key: Hashable {
        var name: String
        var kind: String
        var outcome: String?
    }

    private struct State {
        var counters: [Key: Counter] = [:]
        var timers: [Key: Timer] = [:]
        var gauges: [Key: Gauge] = [:]
    }

    private let state = Mutex(State())

    func enqueued(_ kind: String, _ count: Int) { counter("jobs_enqueued", kind).increment(by: count) }
    func started(_ kind: String, latency: Double) {
        counter("jobs_started", kind).increment()
        timer("jobs_start_latency", kind).recordSeconds(max(latency, 0))
    }
    func finished(_ kind: String, _ outcome: String, seconds: Double) {
        counter("jobs_finished", kind, outcome).increment()
        timer("jobs_run_time", kind).recordSeconds(max(seconds, 0))
    }
    func leaseLost(_ count: Int) { if count > 0 { counter("jobs_lease_lost", "").increment(by: count) } }
    func rescued(_ count: Int) { counter("jobs_rescued", "").increment(by: count) }
    func depth(_ kind: String, _ jobState: String, _ count: Int) { gauge("jobs_depth", kind, jobState).record(count) }
    func relayed(_ destination: String, _ outcome: String, _ count: Int) {
        if count > 0 { counter("outbox_messages", destination, outcome).increment(by: count) }
    }

    private func dimensions(_ key: Key) -> [(String, String)] {
        let label = key.name.hasPrefix("outbox") ? "destination" : "kind"
        let second = key.name == "jobs_depth" ? "state" : "outcome"
        return (key.kind.isEmpty ? [] : [(label, key.kind)]) + (key.outcome.map { [(second, $0)] } ?? [])
    }

    private func counter(_ name: String, _ kind: String, _ outcome: String? = nil) -> Counter {
        let key = Key(name: name, kind: kind, outcome: outcome)
        return state.withLock { state in
            if let counter = state.counters[key] { return counter }
            let counter = Counter(label: "datavault_\(name)_total", dimensions: dimensions(key))
            state.counters[key] = counter
            return counter
        }
    }

    private func timer(_ name: String, _ kind: String) -> Timer {
        let key = Key(name: name, kind: kind)
        return state.withLock { state in
            if let timer = state.timers[key] { return timer }
            let timer = Timer(
                label: "datavault_\(name)_seconds", dimensions: dimensions(key), preferredDisplayUnit: .seconds)
            state.timers[key] = timer
            return timer
        }
    }

    private func gauge(_ name: String, _ kind: String, _ jobState: String) -> Gauge {
        let key = Key(name: name, kind: kind, outcome: jobState)
        return state.withLock { state in
            if let gauge = state.gauges[key] { return gauge }
            let gauge = Gauge(label: "datavault_\(name)", dimensions: dimensions(key))
            state.gauges[key] = gauge
            return gauge
        }
    }
}

extension Timer {
    func recordSeconds(_ seconds: Double) { recordNanoseconds(Int64(min(seconds * 1e9, 9e18))) }
}
