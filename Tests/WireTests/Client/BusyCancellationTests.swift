import InteropProtos
import NIOCore
import Testing

@testable import Wire

/// Cancelling a task ends its call wherever the task is, and gives its stream back.
@Suite(.timeLimit(.minutes(3))) struct BusyCancellationTests {
    /// Sends and takes messages without end.
    private static func addEndless(_ router: inout Router, _ cancelled: Tally) {
        router.serverStreaming(Kinds.server) { (request: Note, responses: ResponseWriter<Note>, _) in
            do {
                while true { try await responses.write(request) }
            } catch { cancelled.add() }
        }
        router.clientStreaming(Kinds.client) { (requests: RequestStream<Note>, _) in
            do { for try await _ in requests {} } catch { cancelled.add() }
            return note("")
        }
        router.unary(Kinds.unary) { (request: Note, _) in request }
    }

    /// There is always a next message, so this reader never waits.
    @Test func aReaderThatNeverWaitsNotices() async throws {
        let cancelled = Tally()
        let taken = Tally()
        try await withServer(router: { Self.addEndless(&$0, cancelled) }) { pair in
            let reading = Task {
                let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note("x"))
                for try await _ in stream { taken.add() }
            }
            #expect(await eventually { taken.value > 1000 })
            reading.cancel()
            #expect(await reading.failureCode == .cancelled)
            #expect(await eventually { cancelled.value == 1 })
        }
    }

    /// There is always room, so this writer never waits.
    @Test func aWriterThatNeverWaitsNotices() async throws {
        let cancelled = Tally()
        let sent = Tally()
        try await withServer(router: { Self.addEndless(&$0, cancelled) }) { pair in
            let writing = Task {
                let call: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
                while true {
                    try await call.send(note("x"))
                    sent.add()
                }
            }
            #expect(await eventually { sent.value > 1000 })
            writing.cancel()
            #expect(await writing.failureCode == .cancelled)
            #expect(await eventually { cancelled.value == 1 })
        }
    }

    @Test func atAnyMomentOfAUnaryCall() async throws {
        try await withServer(router: { Self.addEndless(&$0, Tally()) }) { pair in
            _ = try await pair.unary("warm")
            for round in 0..<200 {
                let call = Task { _ = try await pair.unary("x") }
                for _ in 0..<(round % 7) { await Task.yield() }
                call.cancel()
                if case .failure(let error) = await call.result { #expect((error as? RPCError)?.code == .cancelled) }
            }
            #expect(await eventually { pair.channel.pool.streamsInUse == 0 })
            #expect(await eventually { pair.server.callsInFlight == 0 })
            #expect(try await pair.unary("still").message == "still")
        }
    }

    /// A stream that is opened and cancelled in one turn of its loop never leaves nghttp2.
    @Test func beforeTheRequestIsWritten() async throws {
        let cancelled = Tally()
        try await withServer(router: { Self.addEndless(&$0, cancelled) }) { pair in
            _ = try await pair.unary("warm")
            try await Task(executorPreference: pair.loops.executors[0]) {
                for _ in 0..<50 {
                    let call: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
                    call.cancel()
                    #expect(try await failure { try await call.response() }.code == .cancelled)
                }
            }.value
            #expect(await eventually { pair.channel.pool.streamsInUse == 0 })
            #expect(pair.server.callsInFlight == 0)
        }
    }
}
