import InteropProtos
import InteropShared
import SwiftProtobuf
import Wire
import WireProtos

/// Ends the call with `status`, unless that is OK; with an `ErrorInfo` if a reason is given.
func throwStatus(_ status: Grpc_Testing_EchoStatus, reason: String? = nil) throws {
    guard status.code != 0 else { return }
    let code = StatusCode(rawValue: Int(status.code))
    guard let reason else { throw RPCError(code: code, message: status.message) }
    let info = Google_Rpc_ErrorInfo.with {
        $0.reason = reason
        $0.domain = "wire.test"
        $0.metadata = ["key": "välue"]
    }
    throw try RPCError(code: code, message: status.message, packing: [info])
}

/// The payload a client asks for.
func payload(_ type: Grpc_Testing_PayloadType, size: Int32) throws -> Grpc_Testing_Payload {
    guard type == .compressable else {
        throw RPCError(code: .invalidArgument, message: "payload type \(type.rawValue) is not supported")
    }
    guard size >= 0 else { throw RPCError(code: .invalidArgument, message: "payload size \(size) is negative") }
    return .zeros(Int(size))
}

/// Writes the responses that `request` asks for, each after the pause it names.
func answer(
    _ request: Grpc_Testing_StreamingOutputCallRequest,
    _ responses: ResponseWriter<Grpc_Testing_StreamingOutputCallResponse>,
    _ context: ServerContext
) async throws {
    if request.hasResponseStatus { try throwStatus(request.responseStatus) }
    for wanted in request.responseParameters {
        if wanted.intervalUs > 0 { try await Task.sleep(for: .microseconds(Int64(wanted.intervalUs))) }
        if wanted.hasCompressed { compressFollowing(wanted.compressed.value, context) }
        let payload = try payload(request.responseType, size: wanted.size)
        try await responses.write(.with { $0.payload = payload })
    }
}
