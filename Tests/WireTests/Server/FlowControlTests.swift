import InteropProtos
import NIOCore
import Testing

@testable import Wire

@Suite(.serialized) struct FlowControlTests {
    private static let window = 65_535
    private static let text = String(repeating: "x", count: 8 * 1024)

    private static func configure(_ configuration: inout ServerConfiguration) {
        configuration.http2.streamWindow = window
        configuration.http2.maxBufferedOutput = 64 * 1024
    }

    private static func configure(_ configuration: inout ChannelConfiguration) {
        configuration.http2.streamWindow = window
        configuration.http2.maxBufferedOutput = 64 * 1024
    }

    /// Waits until `box` has not grown for a while, and gives its value.
    private static func settled(_ box: Box<Int>) async throws -> Int {
        try await eventually("something was sent") { box.value > 4 }
        var last = -1
        while box.value != last {
            last = box.value
            try await Task.sleep(for: .milliseconds(200))
        }
        return last
    }

    @Test func aClientIsHeldAtTheWindowUntilTheHandlerReads() async throws {
        let mayRead = Box(false)
        let sent = Box(0)
        try await withServer(configure: Self.configure, client: Self.configure) { router in
            router.clientStreaming(Kinds.client) { (requests: RequestStream<Note>, _) in
                while !mayRead.value { try await Task.sleep(for: .milliseconds(5)) }
                var count = 0
                for try await _ in requests { count += 1 }
                return note("", count)
            }
        } _: { pair async throws in
            let upload: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
            let sender = Task {
                for _ in 0..<200 {
                    try await upload.send(note(Self.text))
                    sent.change { $0 += 1 }
                }
                return try await upload.finish()
            }
            let held = try await Self.settled(sent)
            // The server's window, the client's buffer, and one message that is being written.
            let most = (Self.window + 64 * 1024) / Self.text.utf8.count + 2
            #expect(held > 4 && held <= most)
            // Other calls on the connection go on.
            mayRead.set(true)
            #expect(try await sender.value.code == 200)
            #expect(sent.value == 200)
        }
    }

    @Test func aSlowReaderSuspendsTheWriter() async throws {
        let written = Box(0)
        try await withServer(configure: Self.configure, client: Self.configure) { router in
            router.serverStreaming(Kinds.server) { (request: Note, responses: ResponseWriter<Note>, _) in
                for _ in 0..<200 {
                    try await responses.write(note(Self.text))
                    written.change { $0 += 1 }
                }
            }
            addUnary(&router)
        } _: { pair async throws in
            let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note(""))
            var messages = stream.makeAsyncIterator()
            _ = try await messages.next()
            let held = try await Self.settled(written)
            let most = (Self.window + 64 * 1024) / Self.text.utf8.count + 4
            #expect(held > 4 && held <= most)
            // A stream that is held back holds back no other one.
            for _ in 0..<20 { #expect(try await pair.unary(Self.text).message == Self.text) }
            var count = 1
            while try await messages.next() != nil { count += 1 }
            #expect(count == 200 && written.value == 200)
        }
    }

    /// What a call that nobody read has held goes back to the connection's window.
    @Test func callsThatEndUnreadGiveTheirWindowBack() async throws {
        try await withServer(
            configure: {
                Self.configure(&$0)
                $0.http2.connectionWindow = 128 * 1024
            }, client: Self.configure
        ) { router in
            router.clientStreaming(Kinds.client) { (requests: RequestStream<Note>, _) in
                try await Task.sleep(for: .milliseconds(20))
                return note("enough")
            }
            addUnary(&router)
        } _: { pair async throws in
            // Each sends a full window that is never read: ten times what the connection holds.
            for _ in 0..<20 {
                let upload: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
                let sender = Task { while true { try await upload.send(note(Self.text)) } }
                #expect(try await upload.response().message == "enough")
                _ = await sender.result
            }
            #expect(try await pair.unary(Self.text).message == Self.text)
        }
    }

    /// A task that goes on writing although it was cancelled must not fill memory.
    @Test func aCancelledWriterIsStopped() async throws {
        let written = Box(0)
        try await withServer(configure: Self.configure, client: Self.configure) { router in
            router.serverStreaming(Kinds.server) { (request: Note, responses: ResponseWriter<Note>, _) in
                let writer = Task {
                    for _ in 0..<1000 {
                        try await responses.write(note(Self.text))
                        written.change { $0 += 1 }
                    }
                }
                writer.cancel()
                _ = await writer.result
                if request.message == "detached" {
                    let writer = Task.detached {
                        for _ in 0..<1000 {
                            try await responses.write(note(Self.text))
                            written.change { $0 += 1 }
                        }
                    }
                    writer.cancel()
                    _ = await writer.result
                }
            }
        } _: { pair async throws in
            for text in ["", "detached"] {
                let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note(text))
                for try await _ in stream {}
                // Each of the writers has sent what fits, once.
                #expect(written.value < 50)
            }
        }
    }

    /// Reading is stopped by cancellation even if it came before the wait.
    @Test(arguments: ["loop", "detached"])
    func aCancelledReaderIsStopped(_ place: String) async throws {
        try await withServer { router in
            router.bidirectional(Kinds.both) { (requests: RequestStream<Note>, responses: ResponseWriter<Note>, _) in
                @Sendable func read() async throws { for try await _ in requests {} }
                for pause in [0, 0, 20] {
                    let reader =
                        place == "loop" ? Task { try await read() } : Task.detached { try await read() }
                    if pause > 0 { try await Task.sleep(for: .milliseconds(pause)) }
                    reader.cancel()
                    await #expect(throws: CancellationError.self) { try await reader.value }
                }
                try await responses.write(note("done"))
            }
        } _: { pair async throws in
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            var replies = chat.responses.makeAsyncIterator()
            #expect(try await replies.next()?.message == "done")
            #expect(try await replies.next() == nil)
        }
    }

    /// A stream whose bytes had no chance yet is not taken for one that stalls.
    @Test func onlyStreamsThatStallAreReset() async throws {
        try await withServer(
            configure: {
                Self.configure(&$0)
                $0.http2.stallTimeout = .seconds(2)
            },
            client: {
                Self.configure(&$0)
                // One stream that is not read takes the whole connection.
                $0.http2.connectionWindow = Self.window
            }
        ) { router in
            router.serverStreaming(Kinds.server) { (request: Note, responses: ResponseWriter<Note>, _) in
                for _ in 0..<100 { try await responses.write(note(Self.text)) }
            }
        } _: { pair async throws in
            let stalled: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note(""))
            // The limit is looked at every second from the connection's first call on.
            try await Task.sleep(for: .milliseconds(1700))
            let young: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note(""))
            var count = 0
            // Comes once the stalled stream is reset, and has given the window back.
            for try await _ in young { count += 1 }
            #expect(count == 100)
            let error = try await failure(of: { for try await _ in stalled {} })
            #expect(error.code == .resourceExhausted)
        }
    }
}

private func addUnary(_ router: inout Router) {
    router.unary(Kinds.unary) { (request: Note, _) in request }
}
