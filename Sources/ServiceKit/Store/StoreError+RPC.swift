public import Persistence
import PolicyContract
import PolicyModel
import SwiftProtobuf
public import Wire
import WireProtos

/// The one mapping from a store's errors to a call's. Nothing of a statement or a row leaves the process.
extension StoreError: RPCErrorConvertible {
    public var rpcError: RPCError {
        var error: RPCError
        switch reason {
        case .unavailable, .timeout:
            error = RPCError(
                .unavailable, Datavault_Policy_V1_Reason.storeUnavailable, "the database does not answer; try again")
        case .exhausted:
            error = RPCError(
                .resourceExhausted, Datavault_Policy_V1_Reason.storeUnavailable,
                "the database has more work than it can do; try again later")
        case .serialization:
            error = RPCError(
                .unavailable, Datavault_Policy_V1_Reason.storeUnavailable,
                "other changes of the same data were in the way; try again")
        case .outcomeUnknown:
            error = RPCError(
                .aborted, Datavault_Policy_V1_Reason.outcomeUnknown,
                "it is not known whether the change was kept; repeat the call under the same request_id")
        case .cancelled where Task.isCancelled:
            // The caller has gone: nothing is wrong with the store.
            return RPCError(code: .cancelled, message: "the call was cancelled")
        case .cancelled:
            error = RPCError(
                .unavailable, Datavault_Policy_V1_Reason.storeUnavailable, "the database is being closed; try again")
        default:
            error = RPCError(code: .internal, message: "the database refused what the service asked of it")
        }
        if isRetryable, let detail = try? Google_Protobuf_Any(message: Self.retryInfo) { error.details.append(detail) }
        error.cause = self
        return error
    }

    private static let retryInfo = Google_Rpc_RetryInfo.with { $0.retryDelay.nanos = 500_000_000 }
}
