import InteropProtos
import Testing

@testable import Wire

/// Handlers run inside the read that brings what they wait for.
@Suite struct InlineTests {
    @Test func aHandlerThatDoesNotSuspendHasAnsweredWhenTheReadReturns() throws {
        let harness = ServerHarness()
        harness.receive(try unaryCall(1))
        let frames = harness.frames().filter { $0.stream == 1 }
        #expect(frames.map(\.type) == [1, 0, 1])
        #expect(frames.last?.endsStream == true)
        #expect(harness.callsInFlight == 0)
    }

    @Test func aBurstOfCallsIsAnsweredInOneWrite() throws {
        let harness = ServerHarness()
        let before = harness.transport.writes
        harness.receive(try (0..<50).flatMap { try unaryCall($0 * 2 + 1) })
        #expect(harness.transport.writes == before + 1)
        #expect(harness.frames().count { $0.endsStream } == 50)
    }

    @Test func aHandlerThatWaitsForAMessageAnswersInTheReadThatBringsIt() throws {
        let harness = ServerHarness()
        harness.receive(callHead(1, "Both"))
        #expect(!harness.frames().contains { $0.stream == 1 })
        harness.receive(try callMessage(1))
        #expect(harness.frames().filter { $0.stream == 1 }.map(\.type) == [1, 0])
        harness.receive(try callMessage(1, ends: true))
        let last = harness.frames().filter { $0.stream == 1 && $0.type <= 1 }
        #expect(last.map(\.type) == [0, 1])
        #expect(last.last?.endsStream == true)
    }

    @Test func aMessageInManyReadsIsAnsweredByTheLast() throws {
        let harness = ServerHarness()
        let call = try unaryCall(1, "a longer text")
        for byte in call.dropLast() {
            harness.receive([byte])
            #expect(!harness.frames().contains { $0.stream == 1 && $0.type == 0 })
        }
        harness.receive([call.last ?? 0])
        #expect(harness.frames().contains { $0.stream == 1 && $0.endsStream })
    }
}

/// nghttp2's callbacks record, so that a session may die anywhere.
@Suite struct DyingSessionTests {
    // Unchecked: all on the test's thread.
    private final class Reach: @unchecked Sendable {
        weak var harness: ServerHarness?
        var count = 0
    }

    private func harness(_ reach: Reach) -> ServerHarness {
        let harness = ServerHarness { router in
            router.unary(Kinds.unary) { (request: Note, _) in
                reach.count += 1
                if request.message == "kill" { reach.harness?.connection.transportClosed("killed") }
                return request
            }
            router.clientStreaming(Kinds.client) { (_: RequestStream<Note>, _) in note("early") }
        }
        reach.harness = harness
        return harness
    }

    /// One call of a burst kills the session that has the others.
    @Test func insideAReadBurst() throws {
        let reach = Reach()
        let harness = harness(reach)
        harness.receive(try unaryCall(1) + unaryCall(3, "kill") + unaryCall(5) + unaryCall(7))
        #expect(!harness.connection.isOpen)
        #expect(harness.transport.isClosed)
        #expect(reach.count >= 2)
        #expect(harness.callsInFlight == 0)
        // Bytes that were on their way find nobody, and hurt nobody.
        harness.receive(try unaryCall(9))
    }

    /// A write that fails closes the transport before it returns, while there is more to say: here the reset of a
    /// request whose reply came early.
    @Test func insideItsOwnWrite() {
        let reach = Reach()
        let harness = harness(reach)
        harness.transport.onWrite = { reach.harness?.connection.transportClosed("broken pipe") }
        harness.receive(callHead(1, "Client"))
        #expect(!harness.connection.isOpen)
        #expect(harness.callsInFlight == 0)
    }

    /// The peer's reset and the request stand in one read: the call starts on a stream that is closed already.
    @Test func aStreamMayBeResetInTheReadThatOpensIt() throws {
        let reach = Reach()
        let harness = harness(reach)
        harness.receive(try unaryCall(1) + FramePeer.reset(1, code: 8) + unaryCall(3))
        let frames = harness.frames()
        #expect(!frames.contains { $0.stream == 1 && $0.type <= 1 })
        #expect(frames.contains { $0.stream == 3 && $0.endsStream })
        #expect(harness.callsInFlight == 0)
    }

    @Test func nothingIsLeftOfConnectionsAndCalls() throws {
        weak var connection: HTTP2Connection?
        weak var context: ServerContext?
        let contexts = Box<[Weak<ServerContext>]>([])
        do {
            let harness = ServerHarness { router in
                router.unary(Kinds.unary) { (request: Note, context) in
                    contexts.change { $0.append(Weak(value: context)) }
                    return request
                }
            }
            harness.receive(try unaryCall(1))
            connection = harness.connection
            context = contexts.value.first?.value
            #expect(connection != nil)
            #expect(context != nil, "idle contexts are kept for later calls")
        }
        #expect(connection == nil)
        #expect(context == nil)
    }
}
