import ServiceKit
import Wire

/// The command line of `telemetry-probe`.
struct ProbeOptions {
    var role = "probe"
    /// The port of the server that this one calls; nil: it answers itself.
    var upstream: Int?
    var metrics = MetricsConfiguration()
    var tracing: TracingConfiguration?
    /// Where the metrics are written when the process ends.
    var finalMetrics: String?

    init(_ arguments: [String]) throws {
        var rest = arguments.dropFirst()
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { throw ProbeError(reason: "\(flag) needs a value") }
            switch flag {
            case "--role": role = value
            case "--upstream": upstream = try Self.number(value, flag)
            case "--max-series": metrics.maxSeriesPerMetric = try Self.number(value, flag)
            case "--final-metrics": finalMetrics = value
            case "--otlp": tracing = TracingConfiguration(endpoint: try OTLPEndpoint(value))
            default: try readTracing(flag, value)
            }
        }
    }

    private mutating func readTracing(_ flag: String, _ value: String) throws {
        guard tracing != nil else { throw ProbeError(reason: "\(flag) comes after --otlp") }
        let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
        switch flag {
        case "--otlp-header" where parts.count == 2: tracing?.headers.append(OTLPHeader(parts[0], parts[1]))
        case "--otlp-ca": tracing?.tls.trust = .files([value])
        case "--otlp-server-name": tracing?.tls.serverName = value
        case "--gzip": tracing?.isCompressed = value == "yes"
        case "--ratio": tracing?.sampledRatio = Double(value) ?? 1
        case "--queue": tracing?.maxQueuedSpans = try Self.number(value, flag)
        case "--batch": tracing?.maxBatchSpans = try Self.number(value, flag)
        case "--delay-ms": tracing?.batchDelay = .milliseconds(try Self.number(value, flag))
        case "--timeout-ms": tracing?.exportTimeout = .milliseconds(try Self.number(value, flag))
        case "--backoff-ms": tracing?.initialBackoff = .milliseconds(try Self.number(value, flag))
        case "--retry-ms": tracing?.maxRetryTime = .milliseconds(try Self.number(value, flag))
        case "--shutdown-ms": tracing?.shutdownTimeout = .milliseconds(try Self.number(value, flag))
        default: throw ProbeError(reason: "unknown option \(flag)")
        }
    }

    private static func number(_ text: String, _ flag: String) throws -> Int {
        guard let number = Int(text) else { throw ProbeError(reason: "\(flag): \"\(text)\" is no number") }
        return number
    }
}

struct ProbeError: Error, CustomStringConvertible {
    var reason: String
    var description: String { reason }
}
