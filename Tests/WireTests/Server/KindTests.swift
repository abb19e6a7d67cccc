import InteropProtos
import Testing

@testable import Wire

@Suite struct KindTests {
    @Test func answersAllFourKinds() async throws {
        try await withServer(router: addEchoes) { pair async throws in
            #expect(try await pair.unary("one").message == "one")

            let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note("x", 3))
            var numbers: [Int32] = []
            for try await reply in stream { numbers.append(reply.code) }
            #expect(numbers == [0, 1, 2])

            let upload: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
            for text in ["a", "b", "c"] { try await upload.send(note(text)) }
            #expect(try await upload.finish().message == "abc")

            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            var replies = chat.responses.makeAsyncIterator()
            for number in 0..<50 {
                try await chat.send(note("ping", number))
                #expect(try await replies.next()?.code == Int32(number))
            }
            try await chat.finishSending()
            #expect(try await replies.next() == nil)
        }
    }

    @Test func answersEmptyStreams() async throws {
        try await withServer(router: addEchoes) { pair async throws in
            let none: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note("x", 0))
            for try await _ in none { Issue.record("a message out of nothing") }
            let upload: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
            #expect(try await upload.finish() == Note())
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            try await chat.finishSending()
            for try await _ in chat.responses { Issue.record("a message out of nothing") }
        }
    }

    @Test(arguments: [1, 2])
    func answersManyCallsAtOnce(_ threads: Int) async throws {
        try await withServer(threads: threads, router: addEchoes) { pair async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<500 {
                    group.addTask {
                        let text = "call \(index)"
                        #expect(try await pair.unary(text).message == text)
                        let call: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
                        try await call.send(note(text))
                        try await call.finishSending()
                        for try await reply in call.responses { #expect(reply.message == text) }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually("no call is in flight") { pair.server.callsInFlight == 0 }
        }
    }

    /// Messages larger than the stream's window, in both directions and in every kind.
    @Test func carriesLargeMessages() async throws {
        try await withServer(
            configure: { $0.http2.streamWindow = 65_535 }, client: { $0.http2.streamWindow = 65_535 }, router: addEchoes
        ) { pair async throws in
            let text = String(repeating: "0123456789", count: 15_000)
            #expect(try await pair.unary(text).message == text)
            let upload: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
            try await upload.send(note(text))
            #expect(try await upload.finish().message == text)
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            var replies = chat.responses.makeAsyncIterator()
            for _ in 0..<3 {
                try await chat.send(note(text))
                #expect(try await replies.next()?.message == text)
            }
            let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note(text, 3))
            var count = 0
            for try await reply in stream {
                #expect(reply.message == text)
                count += 1
            }
            #expect(count == 3)
        }
    }

    /// The server may answer before it has heard all.
    @Test func answersBeforeTheRequestHasEnded() async throws {
        try await withServer { router in
            router.clientStreaming(Kinds.client) { (requests: RequestStream<Note>, _) in
                for try await request in requests { return request }
                return note("none")
            }
        } _: { pair async throws in
            let upload: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
            try await upload.send(note("first"))
            #expect(try await upload.response().message == "first")
        }
    }

    @Test func sendsHeadersBeforeMessages() async throws {
        try await withServer { router in
            router.bidirectional(Kinds.both) {
                (requests: RequestStream<Note>, responses: ResponseWriter<Note>, context) in
                context.responseHeaders.add("early", "yes")
                try await responses.sendHeaders()
                for try await request in requests { try await responses.write(request) }
            }
        } _: { pair async throws in
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            #expect(try await chat.responses.headers()["early"] == "yes")
            try await chat.send(note("a"))
            try await chat.finishSending()
            var count = 0
            for try await _ in chat.responses { count += 1 }
            #expect(count == 1)
        }
    }

    @Test func aHandlerWithoutReplyIsAnError() async throws {
        try await withServer { router in
            router.method(Kinds.unary) { _ in }
            router.method(Kinds.client) { context in
                try await context.write(bytes: [])
                try await context.write(bytes: [])
            }
        } _: { pair async throws in
            #expect(try await failure(of: { try await pair.unary() }).code == .internal)
            let upload: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
            #expect(try await failure(of: { try await upload.finish() }).code == .internal)
        }
    }
}
