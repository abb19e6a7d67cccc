import NIOCore
import NIOPosix
import Testing

@testable import Wire

/// Calls whose connection goes while they begin, read or write.
@Suite struct DyingConnectionTests {
    /// A whole request on a connection: preface, SETTINGS, and `count` calls that have nothing but headers.
    private static func requests(_ count: Int, endStream: Bool) -> [UInt8] {
        var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
        // HPACK literals without indexing; names and values below 127 bytes.
        var block: [UInt8] = []
        for (name, value) in [
            (":method", "POST"), (":scheme", "http"), (":path", "/test.Kinds/Both"), (":authority", "a"),
            ("te", "trailers"), ("content-type", "application/grpc"),
        ] {
            block += [0, UInt8(name.utf8.count)] + name.utf8 + [UInt8(value.utf8.count)] + value.utf8
        }
        for index in 0..<count {
            let id = UInt32(index * 2 + 1)
            bytes += [0, 0, UInt8(block.count), 1, endStream ? 5 : 4] + withBytes32(id) + block
        }
        return bytes
    }

    private static func withBytes32(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func connect(_ pair: TestServer) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: pair.port).get()
    }

    private struct Counts {
        var begun = 0
        var cancelled = 0
    }

    private func serve(_ body: @escaping @Sendable (TestServer, Box<Counts>) async throws -> Void) async throws {
        let counts = Box(Counts())
        try await withServer { router in
            router.bidirectional(Kinds.both) { (requests: RequestStream<Note>, responses: ResponseWriter<Note>, _) in
                counts.change { $0.begun += 1 }
                do {
                    for try await request in requests { try await responses.write(request) }
                } catch {
                    #expect(Task.isCancelled)
                    counts.change { $0.cancelled += 1 }
                    throw error
                }
            }
        } _: { pair async throws in
            try await body(pair, counts)
            try await eventually("no call is in flight") { pair.server.callsInFlight == 0 }
            #expect(counts.value.begun == counts.value.cancelled)
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            try await chat.finishSending()
            for try await _ in chat.responses {}
        }
    }

    @Test func callsBegunWhileTheConnectionDiesAreCancelled() async throws {
        try await serve { pair, counts async throws in
            for _ in 0..<30 {
                let channel = try await Self.connect(pair)
                // The close follows the requests at once: both are read in one burst.
                let bytes = Self.requests(20, endStream: false)
                channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
                try await channel.close()
            }
        }
    }

    @Test func aSessionThatDiesInsideAReadBurstTakesItsCallsAlong() async throws {
        try await serve { pair, counts async throws in
            // After the requests comes a frame that no session survives: HEADERS on stream 0, or a broken preface.
            for poison in [[0, 0, 0, 1, 4, 0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1]] as [[UInt8]] {
                let channel = try await Self.connect(pair)
                let bytes = Self.requests(20, endStream: false) + poison
                try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
                // The server must end the connection by itself.
                try await channel.closeFuture.get()
            }
            let broken = try await Self.connect(pair)
            try await broken.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
            try await broken.closeFuture.get()
            #expect(counts.value.begun == 40)
        }
    }

    @Test func abortedConnectionsCancelTheirCalls() async throws {
        try await serve { pair, counts async throws in
            for _ in 0..<5 {
                let channel = pair.makeChannel()
                var calls: [BidirectionalCall<Note, Note>] = []
                for _ in 0..<10 {
                    let call: BidirectionalCall<Note, Note> = try await channel.bidirectional(Kinds.both)
                    calls.append(call)
                }
                try await eventually("all calls run") { pair.server.callsInFlight == 10 }
                for loop in pair.server.loops { loop.context.run { loop.abort() } }
                for call in calls {
                    let error = try await failure(of: { for try await _ in call.responses {} })
                    #expect(error.code == .unavailable)
                }
                await channel.shutDown(grace: .zero)
            }
            #expect(counts.value.begun == 50)
        }
    }

    /// Loops end while handlers run that take their time after being cancelled.
    @Test func loopsEndOnlyAfterTheirCalls() async throws {
        let ended = Box(0)
        try await withServer(threads: 2) { router in
            router.unary(Kinds.unary) { (request: Note, _) in
                try? await Task.sleep(for: .seconds(60))
                // No longer interruptible.
                await Task.detached { try? await Task.sleep(for: .milliseconds(100)) }.value
                ended.change { $0 += 1 }
                return request
            }
        } _: { pair async throws in
            let calls = (0..<20).map { _ in Task { try await pair.unary() } }
            try await eventually("all calls run") { pair.server.callsInFlight == 20 }
            await pair.server.drain(grace: .milliseconds(20))
            #expect(ended.value == 20)
            #expect(pair.server.callsInFlight == 0)
            for call in calls { #expect(try await failure(of: { try await call.value }).code == .unavailable) }
        }
    }
}
