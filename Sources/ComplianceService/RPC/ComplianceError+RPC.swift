import ComplianceContract
import PolicyContract
import PolicyModel
import SwiftProtobuf
import Wire
import WireProtos

/// The one mapping from Compliance's errors to a call's.
extension ComplianceError: RPCErrorConvertible {
    private typealias Reason = Datavault_Compliance_V1_Reason

    var rpcError: RPCError {
        switch self {
        case .entryUnknown(let name):
            RPCError(.notFound, Reason.entryUnknown, "there is no such entry", metadata: ["name": name])
        case .pageTokenInvalid:
            RPCError(
                .invalidArgument, Reason.pageTokenInvalid, "page_token is none that was given for this request",
                details: [Self.badRequest("page_token", "must come from a reply to the same request")])
        case .sizeOutOfRange(let field, let size):
            RPCError(
                .outOfRange, Reason.sizeOutOfRange, "\(field) is no size or place that the log has",
                metadata: ["field": field, "size": "\(size)"],
                details: [Self.badRequest(field, "must lie within the log, which has \(size) entries")])
        case .tooManyReaders:
            RPCError(
                .resourceExhausted, Reason.tooManyReaders, "as many streams read the log as may; one has to end first")
        case .intakeFull:
            RPCError(
                .resourceExhausted, Reason.intakeFull, "more events wait than the log takes at a time",
                details: [Google_Rpc_RetryInfo.with { $0.retryDelay.nanos = 500_000_000 }])
        case .subjectUnknown:
            RPCError(.notFound, Reason.subjectUnknown, "nothing in the log is kept under a key of this subject")
        case .checkpointUnknown(let size):
            RPCError(
                .notFound, Reason.checkpointUnknown, "no checkpoint is kept of this size", metadata: ["size": "\(size)"]
            )
        case .permissionMissing(let permission):
            RPCError(
                .permissionDenied, Datavault_Policy_V1_Reason.permissionMissing,
                "the caller lacks the permission \(permission)", metadata: ["permission": permission])
        case .fieldInvalid(let field, let problem):
            RPCError(
                .invalidArgument, Datavault_Policy_V1_Reason.fieldsInvalid, "\(field) \(problem)",
                details: [Self.badRequest(field, problem)])
        case .notStarted:
            RPCError(code: .unavailable, message: "the service has not made its signing key yet; try again")
        }
    }

    private static func badRequest(_ field: String, _ problem: String) -> Google_Rpc_BadRequest {
        .with {
            $0.fieldViolations = [
                .with {
                    $0.field = field
                    $0.description_p = problem
                }
            ]
        }
    }
}
