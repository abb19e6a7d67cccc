import NIOCore
import Wire

/// The command line of `wire-attack-target`.
struct TargetOptions {
    var threads = 1
    var certificate: String?
    var key: String?
    var configuration = ServerConfiguration()

    init(_ arguments: [String]) {
        var rest = arguments.dropFirst()
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { fatalError("\(flag) needs a value") }
            switch flag {
            case "--threads": threads = Int(value) ?? threads
            case "--tls-cert": certificate = value
            case "--tls-key": key = value
            case "--set":
                let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { fatalError("\(value) is not key=value") }
                set(parts[0], parts[1])
            default: fatalError("unknown option \(flag)")
            }
        }
    }

    /// TLS with the certificate and key given; nil without.
    func tls() throws -> TLSContext? {
        guard let certificate, let key else { return nil }
        let identity = TLSConfiguration.Identity(certificateChainFile: certificate, privateKeyFile: key)
        return try TLSContext(configuration: TLSConfiguration(identities: [identity]), role: .server)
    }

    /// Sets what is named as in the configuration: a number, milliseconds, or a budget's `burst,perSecond`.
    private mutating func set(_ name: String, _ value: String) {
        let numbers = value.split(separator: ",").compactMap { Int($0) }
        guard let first = numbers.first else { fatalError("\(name) needs a number") }
        if let path = Self.numbers[name] {
            configuration[keyPath: path] = first
        } else if let path = Self.times[name] {
            configuration[keyPath: path] = .milliseconds(Int64(first))
        } else if let path = Self.optionalTimes[name] {
            configuration[keyPath: path] = .milliseconds(Int64(first))
        } else if let path = Self.budgets[name], numbers.count == 2 {
            configuration.http2.budgets[keyPath: path] = AbuseBudget(burst: first, perSecond: numbers[1])
        } else {
            fatalError("unknown setting \(name)=\(value)")
        }
    }

    private static var numbers: [String: WritableKeyPath<ServerConfiguration, Int>] {
        [
            "maxConcurrentStreams": \.http2.maxConcurrentStreams, "maxHeaderListSize": \.http2.maxHeaderListSize,
            "maxHeaderCount": \.http2.maxHeaderCount, "maxConnections": \.maxConnections,
            "maxConnectionsPerAddress": \.maxConnectionsPerAddress, "maxCallsInFlight": \.maxCallsInFlight,
            "maxRequestMessageSize": \.maxRequestMessageSize, "maxGatheredBytes": \.http2.maxGatheredBytes,
        ]
    }

    private static var times: [String: WritableKeyPath<ServerConfiguration, TimeAmount>] {
        [
            "handshakeTimeout": \.http2.handshakeTimeout, "firstRequestTimeout": \.http2.firstRequestTimeout,
            "headersTimeout": \.http2.headersTimeout, "keepaliveTimeout": \.http2.keepaliveTimeout,
            "stallTimeout": \.http2.stallTimeout, "requestTimeout": \.requestTimeout,
        ]
    }

    private static var optionalTimes: [String: WritableKeyPath<ServerConfiguration, TimeAmount?>] {
        [
            "maxIdleTime": \.http2.maxIdleTime, "keepaliveInterval": \.http2.keepaliveInterval,
            "maxCallDuration": \.maxCallDuration,
        ]
    }

    private static var budgets: [String: WritableKeyPath<AbuseBudgets, AbuseBudget>] {
        [
            "resetsReceived": \.resetsReceived, "resetsProvoked": \.resetsProvoked, "pings": \.pings,
            "settings": \.settings, "priorities": \.priorities, "emptyData": \.emptyData,
            "windowUpdates": \.windowUpdates, "badHeaders": \.badHeaders,
        ]
    }
}
