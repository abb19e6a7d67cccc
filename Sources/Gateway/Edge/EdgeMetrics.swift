import Metrics
import NIOCore
import Wire

/// The edge's metrics beside those of its routes; nil where nobody keeps metrics.
final class EdgeMetrics: Sendable {
    private let connections = Meter(label: "datavault_gateway_connections")
    private let inFlight = Meter(label: "datavault_gateway_requests_in_flight")
    private let refused: [AbuseKind: Counter] = Dictionary(
        uniqueKeysWithValues: AbuseKind.allCases.map {
            ($0, Counter(label: "datavault_gateway_refused_total", dimensions: [("kind", $0.rawValue)]))
        })
    private let recordedDenials = Counter(
        label: "datavault_gateway_denials_total", dimensions: [("kind", "recorded")])
    private let failedDenials = Counter(label: "datavault_gateway_denials_total", dimensions: [("kind", "failed")])
    let received = Counter(label: "datavault_gateway_received_bytes_total")
    let sent = Counter(label: "datavault_gateway_sent_bytes_total")

    static func make() -> EdgeMetrics? { MetricsSystem.factory is NOOPMetricsHandler ? nil : EdgeMetrics() }

    func connectionOpened() { connections.increment() }
    func connectionClosed() { connections.decrement() }
    func requestBegan() { inFlight.increment() }
    func requestEnded() { inFlight.decrement() }
    func denied(isRecorded: Bool) { (isRecorded ? recordedDenials : failedDenials).increment() }
    func refuse(_ kind: AbuseKind) { refused[kind]?.increment() }
}

/// The metrics of routes as one loop has them at hand: made when a route is first called.
final class EdgeLoopMetrics {
    private final class OfRoute {
        let label: String
        let seconds: Metrics.Timer
        private lazy var succeeded = counter(200)
        private var others: [Int: Counter] = [:]

        init(_ label: String) {
            self.label = label
            seconds = Metrics.Timer(label: "datavault_gateway_request_seconds", dimensions: [("route", label)])
        }

        func answered(_ status: Int) {
            if status == 200 { return succeeded.increment() }
            let counter = others[status] ?? counter(status)
            others[status] = counter
            counter.increment()
        }

        private func counter(_ status: Int) -> Counter {
            Counter(
                label: "datavault_gateway_requests_total", dimensions: [("route", label), ("status", "\(status)")])
        }
    }

    private let shared: EdgeMetrics?
    /// By the routes' places in their table.
    @safe @exclusivity(unchecked) private var routes: [OfRoute?] = []
    /// Of what has no route.
    @safe @exclusivity(unchecked) private var others: [String: OfRoute] = [:]

    init(_ shared: EdgeMetrics?) { self.shared = shared }

    func record(_ exchange: ExchangeState, nanoseconds: Int64) {
        guard let shared else { return }
        let metrics = exchange.route.map(metrics(of:)) ?? metrics(of: exchange.label)
        metrics.answered(exchange.status)
        metrics.seconds.recordNanoseconds(nanoseconds)
        if exchange.bytesIn > 0 { shared.received.increment(by: exchange.bytesIn) }
        if exchange.bytesOut > 0 { shared.sent.increment(by: exchange.bytesOut) }
    }

    private func metrics(of route: Route) -> OfRoute {
        if route.place < routes.count, let known = routes[route.place] { return known }
        if route.place >= routes.count {
            routes.append(contentsOf: repeatElement(nil, count: route.place + 1 - routes.count))
        }
        // Two routes may be called the same: metrics of one name are one.
        let metrics = metrics(of: route.label)
        routes[route.place] = metrics
        return metrics
    }

    private func metrics(of label: String) -> OfRoute {
        if let known = others[label] { return known }
        let metrics = OfRoute(label)
        others[label] = metrics
        return metrics
    }
}
