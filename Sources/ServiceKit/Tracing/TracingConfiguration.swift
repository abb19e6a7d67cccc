import NIOCore
import Tracing
public import Wire

/// How spans are made and how they get to a collector: OTLP over gRPC.
public struct TracingConfiguration: Sendable {
    // MARK: Where to

    public var endpoint: OTLPEndpoint
    /// Sent with each export, for example an API key.
    public var headers: [OTLPHeader] = []
    /// Who vouches for the collector, and who this process is to it. Used where the endpoint is encrypted.
    public var tls = TLSConfiguration(minimumVersion: .tls12)
    /// Whether exports are compressed.
    public var isCompressed = false

    // MARK: What is recorded

    /// The share of the traces that begin here, from 0 to 1. Others are recorded if their caller records them.
    public var sampledRatio = 1.0
    public var limits = SpanLimits()
    /// Sees every attribute before it is kept, that of events and links, too, error messages under
    /// `exception.message` and `otel.status_description`: gives what may leave the process, or nil for nothing.
    public var mask: SpanMask = .secrets

    // MARK: Bounds of the queue

    /// Spans that wait to be sent. Further ones are dropped, and counted.
    public var maxQueuedSpans = 8192
    /// Bytes of the spans that wait, as they are estimated.
    public var maxQueuedBytes = 16 * 1024 * 1024
    /// Spans of one export.
    public var maxBatchSpans = 512
    /// Bytes of one export, as they are estimated: collectors take 4 MiB if not told otherwise.
    public var maxBatchBytes = 1024 * 1024
    /// How long a span waits for others before they are sent.
    public var batchDelay = Duration.seconds(1)

    // MARK: Time

    /// The time of one attempt, connecting included.
    public var exportTimeout = Duration.seconds(10)
    /// The longest wait before the second attempt.
    public var initialBackoff = Duration.seconds(1)
    /// The longest wait between attempts, unless the collector asks for more.
    public var maxBackoff = Duration.seconds(30)
    /// How long spans are kept that cannot be sent; then they are dropped, and counted.
    public var maxRetryTime = Duration.seconds(120)
    /// The longest pause that a collector may ask for.
    public var maxServerDelay = Duration.seconds(300)
    /// The time that a shutdown waits for spans to be sent.
    public var shutdownTimeout = Duration.seconds(5)

    public init(endpoint: OTLPEndpoint) { self.endpoint = endpoint }
}

/// A collector's address.
public struct OTLPEndpoint: Sendable, Hashable, CustomStringConvertible {
    public var host: String
    public var port: Int
    public var isEncrypted: Bool

    public static let defaultPort = 4317

    public init(host: String, port: Int = Self.defaultPort, isEncrypted: Bool) {
        self.host = host
        self.port = port
        self.isEncrypted = isEncrypted
    }

    /// Reads `http://host:port` (cleartext) or `https://host:port`; the port may be left out.
    ///
    /// - Throws: `TelemetryConfigurationError` with what is wrong.
    public init(_ text: String) throws(TelemetryConfigurationError) {
        func refuse(_ reason: String) -> TelemetryConfigurationError {
            TelemetryConfigurationError(key: "endpoint", reason: "\(reason); write https://collector.example:4317")
        }
        guard let scheme = ["https://", "http://"].first(where: { text.lowercased().hasPrefix($0) }) else {
            throw refuse("\"\(text.prefix(100))\" begins with neither http:// nor https://")
        }
        isEncrypted = scheme == "https://"
        var rest = text.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest.removeLast() }
        guard !rest.contains(where: { "/?#@ ".contains($0) }) else {
            throw refuse("a collector's address has no path, user or query")
        }
        let portText: Substring?
        if rest.first == "[", let end = rest.firstIndex(of: "]") {
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            let after = rest[rest.index(after: end)...]
            guard after.isEmpty || after.first == ":" else { throw refuse("\"\(after)\" is no port") }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else {
            let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { throw refuse("an IPv6 address stands in brackets") }
            host = String(parts.first ?? "")
            portText = parts.count == 2 ? parts[1] : nil
        }
        guard !host.isEmpty else { throw refuse("the host is missing") }
        guard let portText else {
            port = Self.defaultPort
            return
        }
        guard let port = Int(portText), (1...65535).contains(port) else { throw refuse("\"\(portText)\" is no port") }
        self.port = port
    }

    public var description: String {
        "\(isEncrypted ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}

/// Metadata of exports. The value is a secret: it is not printed.
public struct OTLPHeader: Sendable, Hashable, CustomStringConvertible {
    public let name: String
    let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    public var description: String { "\(name): …" }
}

/// A value of a configuration that cannot be used.
public struct TelemetryConfigurationError: Error, Sendable, CustomStringConvertible {
    /// The property.
    public let key: String
    public let reason: String

    public var description: String { "\(key): \(reason)" }
}

extension TracingConfiguration {
    /// - Throws: The first property that cannot be used.
    func validate() throws(TelemetryConfigurationError) {
        func refuse(_ key: String, _ reason: String) -> TelemetryConfigurationError {
            TelemetryConfigurationError(key: key, reason: reason)
        }
        guard (0...1).contains(sampledRatio) else { throw refuse("sampledRatio", "\(sampledRatio) is not in 0…1") }
        let counts = [
            ("maxQueuedSpans", maxQueuedSpans), ("maxQueuedBytes", maxQueuedBytes), ("maxBatchSpans", maxBatchSpans),
            ("maxBatchBytes", maxBatchBytes),
        ]
        for (key, value) in counts where value < 1 { throw refuse(key, "\(value) is less than 1") }
        let times = [("exportTimeout", exportTimeout), ("initialBackoff", initialBackoff), ("maxBackoff", maxBackoff)]
        for (key, value) in times where value <= .zero { throw refuse(key, "\(value) is no time to wait") }
        for header in headers {
            if let problem = Metadata([header.name: header.value]).firstInvalid {
                throw refuse("headers", problem)
            }
        }
    }
}
