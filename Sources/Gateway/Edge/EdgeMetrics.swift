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
    let received = Counter(label: "datavault_gateway_received_bytes_total")
    let sent = Counter(label: "datavault_gateway_sent_bytes_total")

    static func make() -> EdgeMetrics? { MetricsSystem.factory is NOOPMetricsHandler ? nil : EdgeMetrics() }

    func connectionOpened() { connections.increment() }
    func connectionClosed() { connections.decrement() }
    func requestBegan() { inFlight.increment() }
    func requestEnded() { inFlight.decrement() }
    func refuse(_ kind: AbuseKind) { refused[kind]?.increment() }
}

/// The metrics of routes as one loop has them at hand: made when a route is first called.
final class EdgeLoopMetrics {
    private struct OfRoute {
        let seconds: Metrics.Timer
        var statuses: [Int: Counter] = [:]
    }

    private let shared: EdgeMetrics?
    private var routes: [String: OfRoute] = [:]

    init(_ shared: EdgeMetrics?) { self.shared = shared }

    func record(_ exchange: Exchange, nanoseconds: Int64) {
        guard let shared else { return }
        let label = exchange.route?.label ?? exchange.label
        var route =
            routes[label]
            ?? OfRoute(
                seconds: Metrics.Timer(label: "datavault_gateway_request_seconds", dimensions: [("route", label)]))
        let counter =
            route.statuses[exchange.status]
            ?? Counter(
                label: "datavault_gateway_requests_total",
                dimensions: [("route", label), ("status", "\(exchange.status)")])
        if route.statuses[exchange.status] == nil {
            route.statuses[exchange.status] = counter
            routes[label] = route
        }
        counter.increment()
        route.seconds.recordNanoseconds(nanoseconds)
        if exchange.bytesIn > 0 { shared.received.increment(by: exchange.bytesIn) }
        if exchange.bytesOut > 0 { shared.sent.increment(by: exchange.bytesOut) }
    }
}
