import Metrics
import Synchronization

/// A client's metrics. docs/outbound.md names and explains them.
final class OutboundMetrics: Sendable {
    // The one of the moment in which the client was made, for what is made later, too.
    private let factory = MetricsSystem.factory
    private let outcomes = Mutex([String: Counter]())
    private let refusals = Mutex([String: Counter]())
    private let seconds = Metrics.Timer(label: "outbound_request_seconds")
    private let sent = Counter(label: "outbound_sent_bytes_total")
    private let received = Counter(label: "outbound_received_bytes_total")
    private let connections = Meter(label: "outbound_connections")
    private let active = Meter(label: "outbound_active_transfers")
    private let queued = Meter(label: "outbound_queued_transfers")
    private let connectionCount = Atomic<Int>(0)
    private let lastActive = Atomic<Int>(-1)
    private let lastQueued = Atomic<Int>(-1)

    var openConnections: Int { connectionCount.load(ordering: .relaxed) }

    func record(connections count: Int) {
        if connectionCount.exchange(count, ordering: .relaxed) != count { connections.set(count) }
    }

    func record(active: Int, queued: Int) {
        if lastActive.exchange(active, ordering: .relaxed) != active { self.active.set(active) }
        if lastQueued.exchange(queued, ordering: .relaxed) != queued { self.queued.set(queued) }
    }

    func ended(sent: Int64, received: Int) {
        if sent > 0 { self.sent.increment(by: sent) }
        if received > 0 { self.received.increment(by: received) }
    }

    /// `outcome` is `2xx` … `5xx`, or an error's reason.
    func finished(_ outcome: String, after duration: Duration) {
        let counter = outcomes.withLock { outcomes in
            if let counter = outcomes[outcome] { return counter }
            let counter = Counter(
                label: "outbound_requests_total", dimensions: [("outcome", outcome)], factory: factory)
            outcomes[outcome] = counter
            return counter
        }
        counter.increment()
        seconds.recordNanoseconds(Int64(duration / .nanoseconds(1)))
    }

    func refused(_ verdict: AddressGuard.Verdict) {
        let reason =
            switch verdict {
            case .allowed: "allowed"
            case .refused(let found): found.rawValue
            case .refusedPort: "port"
            }
        let counter = refusals.withLock { refusals in
            if let counter = refusals[reason] { return counter }
            let counter = Counter(label: "outbound_refused_total", dimensions: [("reason", reason)], factory: factory)
            refusals[reason] = counter
            return counter
        }
        counter.increment()
    }
}
