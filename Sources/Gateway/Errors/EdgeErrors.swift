import GatewayContract
import PolicyModel
import SwiftProtobuf
import Transcoding
import Wire
import WireProtos

/// What the edge itself answers with: the one place where its refusals become statuses.
extension RPCError {
    private typealias Reason = Datavault_Gateway_V1_Reason

    static func malformed(_ message: String) -> RPCError {
        RPCError(.invalidArgument, Reason.requestMalformed, message)
    }

    static let routeUnknown = RPCError(.notFound, Reason.routeUnknown, "there is nothing at this path")

    /// - Parameter allowed: The methods that the path has.
    static func methodNotAllowed(_ allowed: [String]) -> RPCError {
        let list = allowed.joined(separator: ", ")
        return RPCError(
            .unimplemented, Reason.methodNotAllowed, "the path takes \(list)", metadata: ["allow": list])
    }

    static func notAcceptable(_ offered: String) -> RPCError {
        RPCError(
            .invalidArgument, Reason.notAcceptable, "the answer can be \(offered), which Accept does not take",
            metadata: ["offered": offered])
    }

    static func mediaTypeUnsupported(_ wanted: String) -> RPCError {
        RPCError(
            .invalidArgument, Reason.mediaTypeUnsupported, "the body has to be \(wanted)",
            metadata: ["supported": wanted])
    }

    /// A body that is compressed, in whatever way: RFC 7694, section 3.
    static let contentCodingUnsupported = RPCError(
        .invalidArgument, Reason.mediaTypeUnsupported, "the body has to be sent without content-encoding",
        metadata: ["accept_encoding": "identity"])

    static func bodyTooLarge(_ limit: Int) -> RPCError {
        RPCError(
            .resourceExhausted, Reason.bodyTooLarge, "the body is larger than \(limit) bytes",
            metadata: ["limit": "\(limit)"])
    }

    static func headerTooLarge(_ limit: Int) -> RPCError {
        RPCError(
            .resourceExhausted, Reason.headerTooLarge, "the header fields are too many or too long",
            metadata: ["limit": "\(limit)"])
    }

    static func targetTooLong(_ limit: Int) -> RPCError {
        RPCError(
            .resourceExhausted, Reason.targetTooLong, "the target is longer than \(limit) bytes",
            metadata: ["limit": "\(limit)"])
    }

    static let requestTimeout = RPCError(
        .deadlineExceeded, Reason.requestTimeout, "the request did not come in time")

    static func headerInvalid(_ name: String, _ message: String) -> RPCError {
        RPCError(.invalidArgument, Reason.headerInvalid, "\(name): \(message)", metadata: ["header": name])
    }

    static func idempotencyKeyInvalid(_ message: String) -> RPCError {
        RPCError(.invalidArgument, Reason.idempotencyKeyInvalid, message)
    }

    static let digestMismatch = RPCError(
        .unauthenticated, Reason.digestMismatch, "the body is not the one that was signed")

    static let contentDigestMismatch = RPCError(
        .invalidArgument, Reason.digestMismatch, "the body is not the one that content-digest says",
        metadata: ["header": "content-digest"])

    static let overloaded = {
        var retry = Google_Rpc_RetryInfo()
        retry.retryDelay = Google_Protobuf_Duration(seconds: 1)
        return RPCError(
            .unavailable, Reason.overloaded, "there are more requests than can be served now", details: [retry])
    }()

    /// - Parameter peer: As the gateway's settings call it.
    static func serviceUnavailable(_ peer: String) -> RPCError {
        var retry = Google_Rpc_RetryInfo()
        retry.retryDelay = Google_Protobuf_Duration(seconds: 1)
        return RPCError(
            .unavailable, Reason.serviceUnavailable, "the service \(peer) cannot be reached",
            metadata: ["service": peer], details: [retry])
    }

    /// - Parameter peer: As the gateway's settings call it.
    static func serviceTimeout(_ peer: String) -> RPCError {
        RPCError(
            .deadlineExceeded, Reason.serviceTimeout, "the service \(peer) did not answer in time",
            metadata: ["service": peer])
    }

    static func bodyInvalid(_ message: String) -> RPCError { RPCError(.invalidArgument, Reason.bodyInvalid, message) }

    /// What a caller is told of a body or parameter that becomes no message.
    ///
    /// - Parameter prefix: The field that the body is, for the path; empty for the whole message.
    static func untranscodable(_ error: TranscodingError, prefix: String = "") -> RPCError {
        var request = Google_Rpc_BadRequest()
        var violation = Google_Rpc_BadRequest.FieldViolation()
        let path =
            prefix.isEmpty || error.parameter != nil
            ? error.path
            : error.path.isEmpty ? prefix : error.path.hasPrefix("[") ? prefix + error.path : "\(prefix).\(error.path)"
        violation.field = error.parameter ?? path
        violation.description_p = error.message
        violation.reason = error.reason.rawValue
        request.fieldViolations = [violation]
        let text = violation.field.isEmpty ? error.message : "\(violation.field): \(error.message)"
        if let limit = error.limit, error.parameter == nil {
            return RPCError(
                .invalidArgument, Reason.bodyInvalid, text, metadata: ["limit": limit], details: [request])
        }
        return RPCError(
            .invalidArgument, error.parameter == nil ? Reason.bodyInvalid : Reason.parameterInvalid, text,
            details: [request])
    }

    static func parameterInvalid(_ name: String, _ message: String) -> RPCError {
        var request = Google_Rpc_BadRequest()
        var violation = Google_Rpc_BadRequest.FieldViolation()
        (violation.field, violation.description_p) = (name, message)
        request.fieldViolations = [violation]
        return RPCError(.invalidArgument, Reason.parameterInvalid, "\(name): \(message)", details: [request])
    }

    /// A reply that becomes no JSON is the service's defect; its content stays here.
    ///
    /// - Parameter peer: As the gateway's settings call it.
    static func unreadableReply(_ peer: String) -> RPCError {
        RPCError(code: .internal, message: "the service \(peer) gave an answer that cannot be read")
    }

    /// What a caller is told of a call that failed: what the service says as it says it, and our own word where there
    /// was no service.
    static func upstream(_ error: any Error, _ peer: String) -> RPCError {
        let error = RPCError.wrapping(error)
        guard error.origin == .local else { return error.withoutInternals }
        switch error.code {
        case .unavailable: return .serviceUnavailable(peer)
        case .deadlineExceeded: return .serviceTimeout(peer)
        default: return error
        }
    }

    /// Without what tells of the inside: stack traces, and a service's own trailers.
    var withoutInternals: RPCError {
        var error = self
        error.metadata = Metadata()
        if error.details.contains(where: { $0.isA(Google_Rpc_DebugInfo.self) }) {
            error.details.removeAll { $0.isA(Google_Rpc_DebugInfo.self) }
        }
        return error
    }
}
