import NIOCore
import Policy
import PolicyModel
import ServiceKit
import Wire

/// What a call is made with: its deadline and its metadata.
enum CallTerms {
    /// Where services find the client's address, principal or not.
    static let sourceAddressName = "datavault-source-address"

    /// The options of a call. Nothing that a client sent reaches a service but what is named here.
    static func options(
        _ exchange: any Exchange, _ method: GatewayMethod, _ admission: any Admission,
        _ configuration: EdgeConfiguration
    ) throws(RPCError) -> CallOptions {
        let timeout = try timeout(exchange, isStream: method.descriptor.kind != .unary, configuration)
        return try options(exchange, admission, timeout)
    }

    /// As above, of a call that has so much time.
    static func options(
        _ exchange: any Exchange, _ admission: any Admission, _ timeout: TimeAmount
    ) throws(RPCError) -> CallOptions {
        var options = CallOptions()
        options.timeout = timeout
        options.waitForReady = false
        options.prepared = try admission.metadata(from: exchange.sourceAddress)
        if options.prepared == nil { options.metadata = try identity(exchange, admission) }
        addOrigin(of: exchange, to: &options.metadata)
        return options
    }

    static func metadata(_ exchange: any Exchange, _ admission: any Admission) throws(RPCError) -> Metadata {
        var metadata = try identity(exchange, admission)
        addOrigin(of: exchange, to: &metadata)
        return metadata
    }

    /// Who calls, and from where.
    private static func identity(_ exchange: any Exchange, _ admission: any Admission) throws(RPCError) -> Metadata {
        var metadata = Metadata()
        if let principal = try admission.principal() { metadata.add(PrincipalToken.metadataName, bytes: principal) }
        metadata.add(sourceAddressName, exchange.sourceAddress)
        return metadata
    }

    /// Which request it is.
    private static func addOrigin(of exchange: any Exchange, to metadata: inout Metadata) {
        metadata.add("x-request-id", exchange.requestID)
        if exchange.span == nil, let traceparent = exchange.known.traceparent, TraceText.isParent(traceparent) {
            metadata.add("traceparent", traceparent)
            if let tracestate = exchange.known.tracestate, TraceText.isState(tracestate) {
                metadata.add("tracestate", tracestate)
            }
        }
    }

    /// The time that a call has: what its caller asks, within bounds.
    static func timeout(
        _ exchange: any Exchange, isStream: Bool, _ configuration: EdgeConfiguration
    ) throws(RPCError) -> TimeAmount {
        let most = (isStream ? configuration.maxStreamDuration : configuration.maxCallTimeout).edgeNanoseconds
        let normal = isStream ? most : configuration.defaultCallTimeout.edgeNanoseconds
        guard exchange.known.grpcTimeout != nil || exchange.known.requestTimeout != nil else {
            return .nanoseconds(normal)
        }
        var asked = Int64.max
        if let text = exchange.known.grpcTimeout {
            guard let amount = Timeout.parse(text) else {
                throw .headerInvalid("grpc-timeout", "is up to eight digits and one of H, M, S, m, u, n")
            }
            asked = amount.nanoseconds
        }
        if let text = exchange.known.requestTimeout {
            guard let amount = RequestTimeout.parse(text) else {
                throw .headerInvalid("x-request-timeout", "is a number of seconds as 30 or 2.5, or a time as 250ms")
            }
            asked = min(asked, amount)
        }
        guard asked > 0 else { throw .headerInvalid("x-request-timeout", "leaves no time") }
        return .nanoseconds(min(asked, most))
    }
}

/// The value of `X-Request-Timeout`.
enum RequestTimeout {
    /// Digits before the point, and behind it: 31 years to the nanosecond, so that nothing that fits overflows.
    private static let maximumDigits = 9

    /// Reads `30` or `2.5`, seconds in decimal digits, or a time with units as `250ms` or `1m30s`.
    ///
    /// No sign, no exponent, and no word that stands for a number: what the floating-point reader of a language takes
    /// beyond that (`nan`, `inf`, `0x1p4`) is no time.
    ///
    /// - Returns: Nanoseconds; nil if the text is no time.
    static func parse(_ text: String) -> Int64? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = digits(parts[0]) else { return Duration(setting: text)?.edgeNanoseconds }
        guard parts.count == 2 else { return whole * 1_000_000_000 }
        guard var fraction = digits(parts[1]) else { return nil }
        for _ in parts[1].count..<maximumDigits { fraction *= 10 }
        return whole * 1_000_000_000 + fraction
    }

    private static func digits(_ text: Substring.UTF8View) -> Int64? {
        guard !text.isEmpty, text.count <= maximumDigits, text.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        return text.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }
}

/// Trace contexts of https://www.w3.org/TR/trace-context/.
enum TraceText {
    static func isParent(_ text: String) -> Bool {
        text.utf8.count == 55
            && text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66) || $0 == 0x2D }
    }

    static func isState(_ text: String) -> Bool {
        text.utf8.count <= 512 && text.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7E }
    }
}
