import Metrics
import NIOCore

/// A server's metrics beside those of its methods.
final class ServerMetrics: Sendable {
    let prefix: String
    /// Not a gauge that is set: servers of one process count together.
    private let connections: Meter
    private let abuse: [AbuseKind: Counter]
    let unknownMethod: MethodMetrics

    init(prefix: String) {
        self.prefix = prefix
        connections = Meter(label: "\(prefix)_connections")
        abuse = Dictionary(
            uniqueKeysWithValues: AbuseKind.allCases.map { kind in
                (kind, Counter(label: "\(prefix)_abuse_total", dimensions: [("kind", kind.rawValue)]))
            }
        )
        unknownMethod = MethodMetrics(prefix: prefix, service: "unknown", method: "unknown")
    }

    func connectionOpened() { connections.increment() }
    func connectionClosed() { connections.decrement() }
    func abused(_ kind: AbuseKind) { abuse[kind]?.increment() }
}

/// The metrics of one method, made once so that a call looks nothing up.
final class MethodMetrics: Sendable {
    private let byCode: [Counter]
    private let seconds: Metrics.Timer
    private let receivedBytes: Counter
    private let sentBytes: Counter
    private let receivedMessages: Counter
    private let sentMessages: Counter

    convenience init(_ metrics: ServerMetrics, _ method: MethodDescriptor) {
        self.init(prefix: metrics.prefix, service: method.service, method: method.name)
    }

    init(prefix: String, service: String, method: String) {
        let dimensions = [("service", service), ("method", method)]
        byCode = (0...16).map { code in
            Counter(
                label: "\(prefix)_handled_total",
                dimensions: dimensions + [("code", StatusCode(rawValue: code).description)])
        }
        seconds = Metrics.Timer(label: "\(prefix)_handling_seconds", dimensions: dimensions)
        receivedBytes = Counter(label: "\(prefix)_received_bytes_total", dimensions: dimensions)
        sentBytes = Counter(label: "\(prefix)_sent_bytes_total", dimensions: dimensions)
        receivedMessages = Counter(label: "\(prefix)_received_messages_total", dimensions: dimensions)
        sentMessages = Counter(label: "\(prefix)_sent_messages_total", dimensions: dimensions)
    }

    func record(
        code: StatusCode,
        nanoseconds: Int64,
        received: (messages: Int, bytes: Int),
        sent: (messages: Int, bytes: Int)
    ) {
        byCode[byCode.indices.contains(code.rawValue) ? code.rawValue : 2].increment()
        seconds.recordNanoseconds(nanoseconds)
        receivedBytes.increment(by: received.bytes)
        sentBytes.increment(by: sent.bytes)
        receivedMessages.increment(by: received.messages)
        sentMessages.increment(by: sent.messages)
    }

    func record(_ call: ServerContext) {
        record(
            code: call.status?.code ?? .ok,
            nanoseconds: (NIODeadline.now() - call.startTime).nanoseconds,
            received: (call.receivedMessages, call.receivedBytes),
            sent: (call.sentMessages, call.sentBytes)
        )
    }
}
