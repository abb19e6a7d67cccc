import InteropProtos
import SwiftProtobuf
import Wire

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
