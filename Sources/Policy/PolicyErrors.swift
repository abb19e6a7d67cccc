import PolicyContract
import PolicyModel
import Wire
import WireProtos

/// What callers are told of decisions: the one place where they become statuses.
enum PolicyErrors {
    static let unknownRole = RPCError(
        .unauthenticated, Datavault_Policy_V1_Reason.roleUnknown,
        "the peer shows no certificate of a role of this suite")

    static func missingPolicy(_ method: String) -> RPCError {
        RPCError(
            .permissionDenied, Datavault_Policy_V1_Reason.policyMissing, "the contract lets nobody call \(method)",
            metadata: ["method": method])
    }

    static func refused(_ refusal: AccessDecision.Refusal) -> RPCError {
        typealias Reason = Datavault_Policy_V1_Reason
        return switch refusal {
        case .roleRefused(let role):
            RPCError(
                .permissionDenied, Reason.roleRefused, "the role \(role.rawValue) may not make this call",
                metadata: ["role": role.rawValue])
        case .principalMissing:
            RPCError(.unauthenticated, Reason.principalMissing, "the call needs a principal")
        case .principalInvalid:
            RPCError(.unauthenticated, Reason.principalInvalid, "the principal is not signed by a key of its gateway")
        case .principalExpired:
            RPCError(.unauthenticated, Reason.principalExpired, "the principal's time is over or has not begun")
        case .principalMisdirected:
            RPCError(
                .unauthenticated, Reason.principalMisdirected, "the principal was made for another role or method")
        case .permissionMissing(let permission):
            RPCError(
                .permissionDenied, Reason.permissionMissing, "the caller lacks the permission \(permission)",
                metadata: ["permission": permission])
        }
    }

    /// How many bytes of violations an error carries. Details travel in a trailer, and peers take some 8 KiB of those.
    static let maxViolationBytes = 4_096

    static func invalid(_ violations: Violations) -> RPCError {
        var request = Google_Rpc_BadRequest()
        var size = 0
        for violation in violations.list {
            size += violation.field.utf8.count + violation.description.utf8.count + violation.kind.rawValue.utf8.count
            guard size <= maxViolationBytes else { break }
            var field = Google_Rpc_BadRequest.FieldViolation()
            field.field = violation.field
            field.description_p = violation.description
            field.reason = violation.kind.rawValue
            request.fieldViolations.append(field)
        }
        let first = violations.list.first.map { "\($0.field) \($0.description)" } ?? ""
        let others = violations.list.count - 1
        let more = others > 0 ? ", and \(others) more" : ""
        return RPCError(
            .invalidArgument, Datavault_Policy_V1_Reason.fieldsInvalid, first + more, details: [request])
    }

    static func auditMissing(_ action: String) -> RPCError {
        RPCError(
            .internal, Datavault_Policy_V1_Reason.auditMissing, "the call left no entry in the audit log",
            metadata: ["action": action])
    }
}
