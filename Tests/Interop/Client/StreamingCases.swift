import InteropProtos
import InteropShared
import SwiftProtobuf
import Wire

@Sendable func clientStreaming(_ run: Run) async throws {
    let call = try await run.service.streamingInputCall(options: .within())
    for size in Sizes.requests {
        try await call.send(.with { $0.payload = .zeros(size) })
    }
    let response = try await call.finish()
    try checkEqual(Int(response.aggregatedPayloadSize), Sizes.requests.reduce(0, +), "aggregated size")
}

@Sendable func serverStreaming(_ run: Run) async throws {
    let responses = try await run.service.streamingOutputCall(outputRequest(Sizes.responses), options: .within())
    var sizes: [Int] = []
    for try await response in responses {
        try checkZeros(response.payload, response.payload.body.count)
        sizes.append(response.payload.body.count)
    }
    try checkEqual(sizes, Sizes.responses, "sizes of the responses")
}

@Sendable func pingPong(_ run: Run) async throws {
    let call = try await run.service.fullDuplexCall(options: .within())
    var responses = call.responses.makeAsyncIterator()
    for (requestSize, responseSize) in zip(Sizes.requests, Sizes.responses) {
        try await call.send(outputRequest([responseSize], payload: requestSize))
        guard let response = try await responses.next() else { throw Failed("a response is missing") }
        try checkZeros(response.payload, responseSize)
    }
    try await call.finishSending()
    let next = try await responses.next()
    try check(next == nil, "there is a response too many")
}

@Sendable func emptyStream(_ run: Run) async throws {
    let call = try await run.service.fullDuplexCall(options: .within())
    try await call.finishSending()
    var responses = call.responses.makeAsyncIterator()
    let first = try await responses.next()
    try check(first == nil, "there is a response")
}
