import InteropProtos
import InteropShared
import Wire

private let text = "test_initial_metadata_value"
private let bytes: [UInt8] = [0xAB, 0xAB, 0xAB]

@Sendable func customMetadata(_ run: Run) async throws {
    var metadata = Metadata()
    metadata.add(EchoMetadata.initial, text)
    metadata.add(EchoMetadata.trailing, bytes: bytes)
    let options = CallOptions.within(metadata: metadata)

    let unary: UnaryReply<Grpc_Testing_SimpleResponse> = try await run.channel.unaryReply(
        Grpc_Testing_TestService.Methods.unaryCall, largeRequest(), options: options)
    try checkZeros(unary.message.payload, Sizes.largeResponse)
    try checkEcho(unary.headers, unary.trailers)

    let call = try await run.service.fullDuplexCall(options: options)
    try await call.send(outputRequest([Sizes.largeResponse], payload: Sizes.largeRequest))
    try await call.finishSending()
    try await checkOneResponse(call.responses) { $0.payload }
    try await checkEcho(call.responses.headers(), call.responses.trailers)
}

private func checkOneResponse<Response>(
    _ responses: ResponseStream<Response>,
    _ payload: (Response) -> Grpc_Testing_Payload
) async throws {
    var count = 0
    for try await response in responses {
        try checkZeros(payload(response), Sizes.largeResponse)
        count += 1
    }
    try checkEqual(count, 1, "number of responses")
}

/// Each value must have come once, and in its place.
private func checkEcho(_ initial: Metadata, _ trailing: Metadata) throws {
    try checkEqual(initial.values(EchoMetadata.initial), [.text(text)], "initial metadata")
    try checkEqual(trailing.values(EchoMetadata.trailing), [.bytes(bytes)], "trailing metadata")
}
