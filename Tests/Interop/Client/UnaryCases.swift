import InteropProtos
import Wire

@Sendable func emptyUnary(_ run: Run) async throws {
    let response = try await run.service.emptyCall(Grpc_Testing_Empty(), options: .within())
    try checkEqual(response, Grpc_Testing_Empty(), "response")
}

@Sendable func largeUnary(_ run: Run) async throws {
    try await oneLargeUnary(run, Sizes.largeRequest, Sizes.largeResponse)
}

func oneLargeUnary(_ run: Run, _ requestSize: Int, _ responseSize: Int) async throws {
    let response = try await run.service.unaryCall(largeRequest(requestSize, responseSize), options: .within())
    try checkZeros(response.payload, responseSize)
}
