import PolicyModel
import ServiceKit
import Wire
import WireProtos

extension IdentityError {
    /// How the audit log puts it that this was the end of a call.
    var auditOutcome: AuditEvent.Outcome {
        let error = rpcError
        return .denied(code: "\(error.code)", reason: error.detail(Google_Rpc_ErrorInfo.self)?.reason ?? "")
    }

    /// What a caller is told where a password could not be hashed.
    static func hashing(_ error: any Error) -> any Error {
        guard let busy = error as? HashingPool.Busy else { return error }
        return IdentityError.loginBusy(retryAfter: busy.retryAfter)
    }
}
