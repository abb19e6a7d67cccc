import InteropProtos
import InteropShared
import SwiftProtobuf
import Wire

// All of the client that has to do with compression is here.

@Sendable func clientCompressedUnary(_ run: Run) async throws {
    try await checkFails(.invalidArgument) { try await unary(run, compressed: false, claimed: true) }
    if try run.flags.bool("both_probes") {
        try await checkFails(.invalidArgument) { try await unary(run, compressed: true, claimed: false) }
    }
    try await unary(run, compressed: true, claimed: true)
    try await unary(run, compressed: false, claimed: false)
}

@Sendable func serverCompressedUnary(_ run: Run) async throws {
    for compressed in [true, false] {
        var request = largeRequest()
        request.responseCompressed = flag(compressed)
        let reply: UnaryReply<Grpc_Testing_SimpleResponse> = try await run.channel.unaryReply(
            Grpc_Testing_TestService.Methods.unaryCall, request, options: .within())
        try checkEqual(reply.wasCompressed, compressed, "compressed flag")
        try checkZeros(reply.message.payload, Sizes.largeResponse)
    }
}

@Sendable func clientCompressedStreaming(_ run: Run) async throws {
    let first = Part(size: 27_182, compressed: true, claimed: true)
    let second = Part(size: 45_904, compressed: false, claimed: false)
    try await checkFails(.invalidArgument) {
        _ = try await input(run, [Part(size: first.size, compressed: false, claimed: true)])
    }
    if try run.flags.bool("both_probes") {
        try await checkFails(.invalidArgument) {
            _ = try await input(run, [first, Part(size: second.size, compressed: true, claimed: false)])
        }
    }
    try checkEqual(try await input(run, [first, second]), first.size + second.size, "aggregated size")
}

@Sendable func serverCompressedStreaming(_ run: Run) async throws {
    let parts = [(size: 31_415, compressed: true), (size: 92_653, compressed: false)]
    var request = outputRequest(parts.map(\.size))
    for (index, part) in parts.enumerated() {
        request.responseParameters[index].compressed = flag(part.compressed)
    }
    let responses = try await run.service.streamingOutputCall(request, options: .within())
    var iterator = responses.makeAsyncIterator()
    for part in parts {
        guard let response = try await iterator.next() else { throw Failed("a response is missing") }
        try checkEqual(await responses.lastMessageWasCompressed, part.compressed, "compressed flag")
        try checkZeros(response.payload, part.size)
    }
    let next = try await iterator.next()
    try check(next == nil, "there is a response too many")
}

/// A message that is sent `compressed` and says that it is `claimed`.
private struct Part {
    let size: Int
    let compressed: Bool
    let claimed: Bool
}

private func flag(_ value: Bool) -> Grpc_Testing_BoolValue {
    .with { $0.value = value }
}

private func unary(_ run: Run, compressed: Bool, claimed: Bool) async throws {
    var request = largeRequest()
    request.expectCompressed = flag(claimed)
    var options = CallOptions.within()
    options.compression = compressed ? .gzip : .identity
    let response = try await run.service.unaryCall(request, options: options)
    try checkZeros(response.payload, Sizes.largeResponse)
}

/// Sends `parts` and returns the size that the server adds up.
private func input(_ run: Run, _ parts: [Part]) async throws -> Int {
    var options = CallOptions.within()
    options.compression = .gzip
    let call = try await run.service.streamingInputCall(options: options)
    for part in parts {
        let request = Grpc_Testing_StreamingInputCallRequest.with {
            $0.payload = .zeros(part.size)
            $0.expectCompressed = flag(part.claimed)
        }
        do {
            try await call.send(request, compress: part.compressed)
        } catch {
            // The server has ended the call; what it answered says why.
            break
        }
    }
    return Int(try await call.finish().aggregatedPayloadSize)
}
