import InteropProtos
import InteropShared
import SwiftProtobuf
import Wire

/// What `grpc.testing.TestService` asks of a server.
struct TestService: Grpc_Testing_TestService.Handler {
    func emptyCall(_ request: Grpc_Testing_Empty, context: ServerContext) async throws -> Grpc_Testing_Empty {
        echoMetadata(context)
        return Grpc_Testing_Empty()
    }

    func unaryCall(
        _ request: Grpc_Testing_SimpleRequest,
        context: ServerContext
    ) async throws -> Grpc_Testing_SimpleResponse {
        echoMetadata(context)
        try checkClaim(of: request, context)
        if request.hasResponseStatus {
            try throwStatus(request.responseStatus, reason: context.metadata[EchoMetadata.reason])
        }
        if request.hasResponseCompressed { compressFollowing(request.responseCompressed.value, context) }
        let payload = try payload(request.responseType, size: request.responseSize)
        return .with { $0.payload = payload }
    }

    func cacheableUnaryCall(
        _ request: Grpc_Testing_SimpleRequest,
        context: ServerContext
    ) async throws -> Grpc_Testing_SimpleResponse {
        try await unaryCall(request, context: context)
    }

    func streamingOutputCall(
        _ request: Grpc_Testing_StreamingOutputCallRequest,
        responses: ResponseWriter<Grpc_Testing_StreamingOutputCallResponse>,
        context: ServerContext
    ) async throws {
        echoMetadata(context)
        try await answer(request, responses, context)
    }

    func streamingInputCall(
        _ requests: RequestStream<Grpc_Testing_StreamingInputCallRequest>,
        context: ServerContext
    ) async throws -> Grpc_Testing_StreamingInputCallResponse {
        echoMetadata(context)
        var total = 0
        for try await request in requests {
            try checkClaim(of: request, in: requests)
            total += request.payload.body.count
        }
        let size = Int32(clamping: total)
        return .with { $0.aggregatedPayloadSize = size }
    }

    func fullDuplexCall(
        _ requests: RequestStream<Grpc_Testing_StreamingOutputCallRequest>,
        responses: ResponseWriter<Grpc_Testing_StreamingOutputCallResponse>,
        context: ServerContext
    ) async throws {
        echoMetadata(context)
        for try await request in requests {
            try await answer(request, responses, context)
        }
    }

    func halfDuplexCall(
        _ requests: RequestStream<Grpc_Testing_StreamingOutputCallRequest>,
        responses: ResponseWriter<Grpc_Testing_StreamingOutputCallResponse>,
        context: ServerContext
    ) async throws {
        echoMetadata(context)
        var all: [Grpc_Testing_StreamingOutputCallRequest] = []
        for try await request in requests { all.append(request) }
        for request in all { try await answer(request, responses, context) }
    }

    /// The proto has it so that clients see how a method is missing.
    func unimplementedCall(_ request: Grpc_Testing_Empty, context: ServerContext) async throws -> Grpc_Testing_Empty {
        throw RPCError(code: .unimplemented, message: "UnimplementedCall is not implemented")
    }
}
