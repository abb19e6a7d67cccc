import InteropProtos
import NIOCore
import Wire

@Sendable func cancelAfterBegin(_ run: Run) async throws {
    let call = try await run.service.streamingInputCall(options: .within())
    call.cancel()
    try await checkFails(.cancelled) { _ = try await call.finish() }
}

@Sendable func cancelAfterFirstResponse(_ run: Run) async throws {
    let call = try await run.service.fullDuplexCall(options: .within())
    try await call.send(outputRequest([Sizes.responses[0]], payload: Sizes.requests[0]))
    var responses = call.responses.makeAsyncIterator()
    guard let first = try await responses.next() else { throw Failed("the first response is missing") }
    try checkZeros(first.payload, Sizes.responses[0])
    call.cancel()
    try await checkFails(.cancelled) { _ = try await responses.next() }
}

@Sendable func timeoutOnSleepingServer(_ run: Run) async throws {
    // The deadline may be over at any of these steps.
    try await checkFails(.deadlineExceeded) {
        let call = try await run.service.fullDuplexCall(options: .within(.milliseconds(1)))
        try await call.send(outputRequest([], payload: Sizes.requests[0]))
        for try await _ in call.responses {}
    }
}
