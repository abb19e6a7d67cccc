public import SwiftProtobuf
public import Wire
import WireProtos

/// The `Reason` enum of a package. Generated code conforms to it.
public protocol ContractReason: Sendable {
    /// The package, which is the `domain` of `google.rpc.ErrorInfo`.
    static var domain: String { get }
    /// The value's name without its prefix, which is the `reason` of `google.rpc.ErrorInfo`.
    var reason: String { get }
}

extension RPCError {
    /// An error with a `google.rpc.ErrorInfo`, and further details if there are any.
    ///
    /// - Parameters:
    ///   - reason: What programs decide by.
    ///   - message: For people; goes to the peer as it is, so it holds nothing personal or secret.
    ///   - metadata: Values that the reason's comment in the proto names.
    public init(
        _ code: StatusCode,
        _ reason: some ContractReason,
        _ message: String,
        metadata: [String: String] = [:],
        details: [any Message] = []
    ) {
        var info = Google_Rpc_ErrorInfo()
        info.domain = type(of: reason).domain
        info.reason = reason.reason
        info.metadata = metadata
        // Both are generated messages that hold valid text only, whose encoding cannot fail.
        let packed = ([info] + details).compactMap { try? Google_Protobuf_Any(message: $0) }
        self.init(code: code, message: message, details: packed)
    }
}
