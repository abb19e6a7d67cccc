import IdentityContract
import PolicyContract
import PolicyModel
import SwiftProtobuf
import Wire
import WireProtos

/// The one mapping from Identity's errors to a call's. Messages hold nothing personal and nothing secret.
extension IdentityError: RPCErrorConvertible {
    private typealias Reason = Datavault_Identity_V1_Reason

    var rpcError: RPCError {
        switch self {
        case .resourceUnknown(let name):
            RPCError(.notFound, Reason.resourceUnknown, "there is no such resource", metadata: ["name": name])
        case .emailTaken:
            RPCError(.alreadyExists, Reason.emailTaken, "a user of the organization has this e-mail address")
        case .etagMismatch:
            RPCError(
                .aborted, Reason.etagMismatch, "the resource has changed since the etag was read; read it again")
        case .lastAdmin:
            RPCError(
                .failedPrecondition, Reason.lastAdmin, "the organization would be left without an active admin")
        case .permissionNotHeld(let permission):
            RPCError(
                .permissionDenied, Reason.permissionNotHeld,
                "the caller would give away the permission \(permission), which it does not hold",
                metadata: ["permission": permission])
        case .permissionUnknown(let permission):
            RPCError(
                .invalidArgument, Reason.permissionUnknown, "there is no permission of that name",
                metadata: ["permission": permission])
        case .permissionMissing(let permission):
            RPCError(
                .permissionDenied, Datavault_Policy_V1_Reason.permissionMissing,
                "the caller lacks the permission \(permission)", metadata: ["permission": permission])
        case .limitReached(let limit, let maximum):
            RPCError(
                .resourceExhausted, Reason.limitReached, "the organization may have \(maximum) \(limit)",
                metadata: ["limit": limit, "maximum": "\(maximum)"])
        case .pageTokenInvalid:
            RPCError(
                .invalidArgument, Reason.pageTokenInvalid, "page_token is none that was given for this request",
                details: [Self.badRequest("page_token", "must come from a reply to the same request")])
        case .networkInvalid(let field, let problem):
            RPCError(
                .invalidArgument, Reason.networkInvalid, "\(field) \(problem)", metadata: ["field": field],
                details: [Self.badRequest(field, problem)])
        case .fieldImmutable(let field):
            RPCError(
                .invalidArgument, Reason.fieldImmutable, "update_mask names a field that cannot be changed",
                metadata: ["field": field],
                details: [Self.badRequest("update_mask", "must name only fields that can be changed")])
        case .tooManyWatchers:
            RPCError(.resourceExhausted, Reason.tooManyWatchers, "the peer already listens as often as one may")
        case .userRequired:
            RPCError(.failedPrecondition, Reason.userRequired, "the call needs a user, and was made with a key")
        case .fieldInvalid(let field, let problem):
            RPCError(
                .invalidArgument, Datavault_Policy_V1_Reason.fieldsInvalid, "\(field) \(problem)",
                details: [Self.badRequest(field, problem)])
        case .loginFailed, .loginBusy, .refreshTokenInvalid, .refreshTokenReused, .passwordWeak, .passwordWrong:
            logInError
        case .keyInactive, .rotationUnfinished, .keyMalformed: keyError
        }
    }

    private var logInError: RPCError {
        switch self {
        case .loginBusy(let delay):
            RPCError(
                .resourceExhausted, Reason.loginBusy, "as many passwords are being checked as can be; try again later",
                details: [Self.retryInfo(delay)])
        case .refreshTokenInvalid:
            RPCError(.unauthenticated, Reason.refreshTokenInvalid, "the refresh token is not good; log in again")
        case .refreshTokenReused:
            RPCError(
                .unauthenticated, Reason.refreshTokenReused,
                "the refresh token was used before, so its session has been ended; log in again")
        case .passwordWeak(let field, let problems):
            RPCError(
                .invalidArgument, Reason.passwordWeak, "\(field) " + problems.joined(separator: "; "),
                details: [
                    Google_Rpc_BadRequest.with {
                        $0.fieldViolations = problems.map { Self.violation(field, $0) }
                    }
                ])
        case .passwordWrong:
            RPCError(.permissionDenied, Reason.passwordWrong, "the present password is wrong")
        default:
            RPCError(
                .unauthenticated, Reason.loginFailed, "organization, e-mail address or password is wrong")
        }
    }

    private var keyError: RPCError {
        switch self {
        case .rotationUnfinished:
            RPCError(
                .failedPrecondition, Reason.rotationUnfinished, "the earlier secret of a rotation still works")
        case .keyMalformed:
            RPCError(.invalidArgument, Reason.keyMalformed, "what is presented is no key of this installation")
        default:
            RPCError(.failedPrecondition, Reason.keyInactive, "the key's time is over, or it has been revoked")
        }
    }

    private static func badRequest(_ field: String, _ problem: String) -> Google_Rpc_BadRequest {
        .with { $0.fieldViolations = [violation(field, problem)] }
    }

    private static func violation(_ field: String, _ problem: String) -> Google_Rpc_BadRequest.FieldViolation {
        .with {
            $0.field = field
            $0.description_p = problem
        }
    }

    private static func retryInfo(_ delay: Duration) -> Google_Rpc_RetryInfo {
        .with {
            $0.retryDelay.seconds = delay.components.seconds
            $0.retryDelay.nanos = Int32(clamping: delay.components.attoseconds / 1_000_000_000)
        }
    }
}
