import Wire
import WireProtos

/// What to do after a call failed.
enum NextStep {
    static func after(_ error: RPCError, of method: SchemaMethod?) -> String? {
        if let reason = error.detail(Google_Rpc_ErrorInfo.self)?.reason, let step = steps[reason] { return step }
        let name = method.map { "\($0.descriptor.service)/\($0.descriptor.name)" }
        switch error.code {
        case .invalidArgument where error.origin == .local: return nil
        case .invalidArgument: return name.map { "`--describe \($0)` shows which values its fields take" }
        case .unimplemented: return method.map { "`--list \($0.descriptor.service)` shows what the contract has" }
        case .deadlineExceeded: return "--timeout gives it more time"
        case .resourceExhausted where error.message.contains("over the limit") || error.message.contains("larger than"):
            return "--max-message-size raises the bound of this side"
        case .unauthenticated: return "-H 'authorization: …', --keys DIR or --cert FILE with --key FILE say who calls"
        default: return nil
        }
    }

    /// By the reasons of the policy layer (datavault.policy.v1.Reason).
    private static let steps = [
        "PRINCIPAL_MISSING": "--organization ORG makes the call for somebody, signed with the gateway's key of --keys",
        "PRINCIPAL_INVALID":
            "the server believes principals that are signed with the key and come with the certificate of its own gateway: --keys",
        "PRINCIPAL_EXPIRED": "the clocks of the two machines are apart; `datavault doctor` compares them",
        "PRINCIPAL_MISDIRECTED": "--expect-role ROLE says which role is called",
        "PERMISSION_MISSING": "--permission grants it; left out, the one that the contract asks for is granted",
        "ROLE_UNKNOWN": "--keys DIR shows a role's certificate; --as says which",
        "ROLE_REFUSED": "--as ROLE shows another role's certificate; `--describe` says who may make the call",
    ]
}
