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
        var options = CallOptions()
        options.timeout = try timeout(exchange, isStream: method.descriptor.kind != .unary, configuration)
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
            let seconds = Double(text).map { Duration.nanoseconds(Int64(min(max($0, 0), 1e6) * 1e9)) }
            guard let amount = seconds ?? Duration(setting: text) else {
                throw .headerInvalid("x-request-timeout", "is a number of seconds, or a time as 250ms")
            }
            asked = min(asked, amount.edgeNanoseconds)
        }
        guard asked > 0 else { throw .headerInvalid("x-request-timeout", "leaves no time") }
        return .nanoseconds(min(asked, most))
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
