import InteropProtos
import InteropShared
import SwiftProtobuf
import Wire

/// Ends the call with `status`, unless that is OK.
func throwStatus(_ status: Grpc_Testing_EchoStatus) throws {
    if status.code != 0 {
        throw RPCError(code: StatusCode(rawValue: Int(status.code)), message: status.message)
    }
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
