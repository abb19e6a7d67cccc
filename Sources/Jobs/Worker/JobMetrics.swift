import Metrics
import Synchronization

/// The queue's metrics, made once for each label: making one asks the backend under a lock.
final class JobMetrics: Sendable {
    private struct State {
        var kinds: [String: KindMetrics] = [:]
        var depths: [String: Gauge] = [:]
        var relayed: [String: Counter] = [:]
        var waiting: [String: (messages: Gauge, age: Gauge)] = [:]
    }

    private let state = Mutex(State())
    private let factory: any MetricsFactory
    private let rescuedJobs: Counter
    private let lostLeases: Counter

    /// - Parameter factory: the process's own, other than in tests.
    init(factory: any MetricsFactory = MetricsSystem.factory) {
        self.factory = factory
        rescuedJobs = Counter(label: "datavault_jobs_rescued_total", factory: factory)
        lostLeases = Counter(label: "datavault_jobs_lease_lost_total", factory: factory)
    }

    func kind(_ kind: String) -> KindMetrics {
        state.withLock { [factory] state in
            if let metrics = state.kinds[kind] { return metrics }
            let metrics = KindMetrics(kind, factory: factory)
            state.kinds[kind] = metrics
            return metrics
        }
    }

    func leaseLost(_ count: Int) { if count > 0 { lostLeases.increment(by: count) } }

    func rescued(_ count: Int) { rescuedJobs.increment(by: count) }

    func depth(_ kind: String, _ jobState: JobState, _ count: Int) {
        let gauge = state.withLock { state in
            let key = "\(jobState.rawValue) \(kind)"
            if let gauge = state.depths[key] { return gauge }
            let gauge = Gauge(
                label: "datavault_jobs_depth", dimensions: [("kind", kind), ("state", jobState.rawValue)],
                factory: factory)
            state.depths[key] = gauge
            return gauge
        }
        gauge.record(count)
    }

    /// Depths that are known to be there, and were not counted this time, are zero.
    func clearDepths(but counted: Set<String>) {
        for (key, gauge) in state.withLock({ $0.depths }) where !counted.contains(key) { gauge.record(0) }
    }

    /// - Parameter store: What the outbox's store is called.
    func waiting(_ destination: String, store: String, _ waiting: OutboxWaiting) {
        let gauges = state.withLock { [factory] state in
            let key = "\(store) \(destination)"
            if let gauges = state.waiting[key] { return gauges }
            let dimensions = [("destination", destination), ("store", store)]
            let gauges = (
                messages: Gauge(label: "datavault_outbox_waiting_messages", dimensions: dimensions, factory: factory),
                age: Gauge(label: "datavault_outbox_oldest_age_seconds", dimensions: dimensions, factory: factory)
            )
            state.waiting[key] = gauges
            return gauges
        }
        gauges.messages.record(waiting.count)
        gauges.age.record(waiting.oldestAge / .seconds(1))
    }

    func relayed(_ destination: String, _ outcome: String, _ count: Int) {
        guard count > 0 else { return }
        let counter = state.withLock { state in
            let key = "\(outcome) \(destination)"
            if let counter = state.relayed[key] { return counter }
            let counter = Counter(
                label: "datavault_outbox_messages_total",
                dimensions: [("destination", destination), ("outcome", outcome)], factory: factory)
            state.relayed[key] = counter
            return counter
        }
        counter.increment(by: count)
    }
}

/// The metrics of one kind.
final class KindMetrics: Sendable {
    private let enqueued: Counter
    private let started: Counter
    private let latency: Timer
    private let runTime: Timer
    private let finished: [String: Counter]

    init(_ kind: String, factory: any MetricsFactory) {
        let dimensions = [("kind", kind)]
        enqueued = Counter(label: "datavault_jobs_enqueued_total", dimensions: dimensions, factory: factory)
        started = Counter(label: "datavault_jobs_started_total", dimensions: dimensions, factory: factory)
        latency = Timer(
            label: "datavault_jobs_start_latency_seconds", dimensions: dimensions, preferredDisplayUnit: .seconds,
            factory: factory)
        runTime = Timer(
            label: "datavault_jobs_run_time_seconds", dimensions: dimensions, preferredDisplayUnit: .seconds,
            factory: factory)
        finished = Dictionary(
            uniqueKeysWithValues: Ending.names.map { outcome in
                (
                    outcome,
                    Counter(
                        label: "datavault_jobs_finished_total", dimensions: dimensions + [("outcome", outcome)],
                        factory: factory)
                )
            })
    }

    func enqueued(_ count: Int) { enqueued.increment(by: count) }

    /// - Parameter seconds: from when the job was due.
    func started(after seconds: Double) {
        started.increment()
        latency.recordNanoseconds(Self.nanoseconds(seconds))
    }

    func finished(_ outcome: String, after seconds: Double) {
        finished[outcome]?.increment()
        runTime.recordNanoseconds(Self.nanoseconds(seconds))
    }

    private static func nanoseconds(_ seconds: Double) -> Int64 { Int64(min(max(seconds, 0) * 1e9, 9e18)) }
}
