import Foundation
import InteropProtos
import SwiftProtobuf

@testable import Wire

/// `grpc.testing.TestService` that does as it is asked; `x-text` comes back as headers, `x-raw-bin` as trailers.
struct PlainTestService: Grpc_Testing_TestService.Handler {
    typealias OutputRequest = Grpc_Testing_StreamingOutputCallRequest
    typealias Output = Grpc_Testing_StreamingOutputCallResponse

    private func echoMetadata(_ context: ServerContext) {
        for case (let name, .text(let text)) in context.metadata where name == "x-text" {
            context.responseHeaders.add(name, text)
        }
        if let bytes = context.metadata[bytes: "x-raw-bin"] { context.responseTrailers.add("x-raw-bin", bytes: bytes) }
    }

    private func check(_ status: Grpc_Testing_EchoStatus) throws {
        guard status.code != 0 else { return }
        let code = StatusCode(rawValue: Int(status.code))
        throw try RPCError(code: code, message: status.message, packing: [Grpc_Testing_Empty()])
    }

    private func answer(_ request: OutputRequest, _ responses: ResponseWriter<Output>) async throws {
        for size in request.sizes { try await responses.write(.with { $0.payload.body = Data(count: Int(size)) }) }
        try check(request.responseStatus)
    }

    func emptyCall(_ request: Grpc_Testing_Empty, context: ServerContext) async throws -> Grpc_Testing_Empty {
        echoMetadata(context)
        return request
    }

    func unaryCall(
        _ request: Grpc_Testing_SimpleRequest, context: ServerContext
    ) async throws -> Grpc_Testing_SimpleResponse {
        try check(request.responseStatus)
        return .with { $0.payload.body = Data(count: Int(request.responseSize)) }
    }

    func cacheableUnaryCall(
        _ request: Grpc_Testing_SimpleRequest, context: ServerContext
    ) async throws -> Grpc_Testing_SimpleResponse {
        try await unaryCall(request, context: context)
    }

    func streamingOutputCall(
        _ request: OutputRequest, responses: ResponseWriter<Output>, context: ServerContext
    ) async throws {
        echoMetadata(context)
        try await answer(request, responses)
    }

    func streamingInputCall(
        _ requests: RequestStream<Grpc_Testing_StreamingInputCallRequest>, context: ServerContext
    ) async throws -> Grpc_Testing_StreamingInputCallResponse {
        var total = 0
        for try await request in requests { total += request.payload.body.count }
        let sum = Int32(total)
        return .with { $0.aggregatedPayloadSize = sum }
    }

    func fullDuplexCall(
        _ requests: RequestStream<OutputRequest>, responses: ResponseWriter<Output>, context: ServerContext
    ) async throws {
        for try await request in requests { try await answer(request, responses) }
    }

    func halfDuplexCall(
        _ requests: RequestStream<OutputRequest>, responses: ResponseWriter<Output>, context: ServerContext
    ) async throws {
        try await fullDuplexCall(requests, responses: responses, context: context)
    }

    func unimplementedCall(_ request: Grpc_Testing_Empty, context: ServerContext) async throws -> Grpc_Testing_Empty {
        throw RPCError(code: .unimplemented, message: "nobody does")
    }
}

/// Two methods that answer nothing until they are cancelled.
struct HangingTestService: ServiceHandler {
    var begun = Tally()
    var ended = Tally()

    var serviceDescriptor: ServiceDescriptor { Grpc_Testing_TestService.descriptor }

    func register(in router: inout Router) {
        let methods = [
            Grpc_Testing_TestService.Methods.emptyCall, Grpc_Testing_TestService.Methods.streamingOutputCall,
        ]
        for method in methods {
            router.method(method) { _ in
                begun.add()
                try? await Task.sleep(for: .seconds(60))
                if Task.isCancelled { ended.add() }
            }
        }
    }
}
