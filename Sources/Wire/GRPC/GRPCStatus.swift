import SwiftProtobuf
import WireProtos

/// The status that ends a reply, as it stands in trailers.
struct GRPCStatus {
    var code: StatusCode
    var message: String
    var details: [UInt8]?

    /// The status in a block; nil if it has none.
    init?(_ block: borrowing HeaderBlock) {
        var code: StatusCode?
        var message = ""
        var details: [UInt8]?
        unsafe block.forEach { name, value in
            if unsafe name.equals("grpc-status") {
                // What is no number is UNKNOWN, as the protocol says.
                code = unsafe StatusCode(rawValue: Int(String(decoding: value, as: UTF8.self)) ?? 2)
            } else if unsafe name.equals("grpc-message") {
                message = unsafe PercentEncoding.decode(value)
            } else if unsafe name.equals("grpc-status-details-bin") {
                details = unsafe Base64.decode(value)
            }
        }
        guard let code else { return nil }
        self.code = code
        self.message = message
        self.details = details
    }

    /// The error that the status means; nil for OK.
    func error(metadata: Metadata) -> RPCError? {
        guard code != .ok else { return nil }
        var error = RPCError(code: code, message: message, metadata: metadata, origin: .peer)
        if let details, let status = try? Google_Rpc_Status(serializedBytes: details) { error.details = status.details }
        return error
    }
}
