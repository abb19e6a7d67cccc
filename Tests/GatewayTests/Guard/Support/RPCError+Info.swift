import Wire
import WireProtos

extension RPCError {
    /// What programs decide by.
    var errorInfo: Google_Rpc_ErrorInfo? { detail(Google_Rpc_ErrorInfo.self) }
}
