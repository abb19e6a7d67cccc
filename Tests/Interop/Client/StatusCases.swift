import InteropProtos
import InteropShared
import SwiftProtobuf
import Wire
import WireProtos

@Sendable func statusCodeAndMessage(_ run: Run) async throws {
    let status = echoStatus("test status message")
    try await checkFails(.unknown, status.message) {
        _ = try await run.service.unaryCall(.with { $0.responseStatus = status }, options: .within())
    }
    try await checkFails(.unknown, status.message) {
        let call = try await run.service.fullDuplexCall(options: .within())
        try await call.send(.with { $0.responseStatus = status })
        try await call.finishSending()
        for try await _ in call.responses {}
    }
}

@Sendable func specialStatusMessage(_ run: Run) async throws {
    let status = echoStatus("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")
    try await checkFails(.unknown, status.message) {
        _ = try await run.service.unaryCall(.with { $0.responseStatus = status }, options: .within())
    }
}

/// Not of gRPC's suite: `google.rpc.Status` in `grpc-status-details-bin`.
@Sendable func statusDetails(_ run: Run) async throws {
    let status = echoStatus("détails")
    var options = CallOptions.within()
    options.metadata.add(EchoMetadata.reason, "OUT_OF_CHEESE")
    do {
        _ = try await run.service.unaryCall(.with { $0.responseStatus = status }, options: options)
    } catch let error as RPCError {
        try checkEqual(error.code, .unknown, "status code")
        try checkEqual(error.message, status.message, "status message")
        try checkEqual(error.details.count, 1, "number of details")
        let info = error.detail(Google_Rpc_ErrorInfo.self)
        try checkEqual(info?.reason, "OUT_OF_CHEESE", "reason")
        try checkEqual(info?.domain, "wire.test", "domain")
        return try checkEqual(info?.metadata, ["key": "välue"], "metadata")
    }
    throw Failed("the call succeeded")
}

@Sendable func unimplementedMethod(_ run: Run) async throws {
    try await checkFails(.unimplemented) {
        _ = try await run.service.unimplementedCall(Grpc_Testing_Empty(), options: .within())
    }
}

@Sendable func unimplementedService(_ run: Run) async throws {
    let service = Grpc_Testing_UnimplementedService.Client(run.channel)
    try await checkFails(.unimplemented) {
        _ = try await service.unimplementedCall(Grpc_Testing_Empty(), options: .within())
    }
}
