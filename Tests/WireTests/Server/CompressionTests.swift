import InteropProtos
import Testing

@testable import Wire

@Suite struct CompressionTests {
    private static let text = String(repeating: "compress me ", count: 1000)

    /// Answers `request`, compressed if its number says so, and says whether it came compressed.
    private static func add(_ router: inout Router) {
        router.unary(Kinds.unary) { (request: Note, context) in
            if request.code > 0 { context.compression = request.code == 1 ? .gzip : .identity }
            context.responseHeaders.add("x-compressed", "\(context.requestWasCompressed)")
            context.responseHeaders.add("x-accepts", "\(context.acceptsGzip)")
            return request
        }
        // Sends a message for each request, compressed or not as its number says; 0: without a word about it.
        router.bidirectional(Kinds.both) {
            (requests: RequestStream<Note>, responses: ResponseWriter<Note>, context) in
            for try await request in requests {
                if request.code > 0 { context.compression = request.code == 1 ? .gzip : .identity }
                try await responses.write(note(request.message, requests.lastMessageWasCompressed ? 1 : 2))
            }
        }
    }

    @Test(arguments: [Compression.identity, .gzip], [0, 1, 2])
    func packsRequestsAndRepliesAsAsked(_ request: Compression, _ reply: Int) async throws {
        try await withServer(router: Self.add) { pair async throws in
            let options = CallOptions(compression: request)
            let answer: UnaryReply<Note> = try await pair.channel.unaryReply(
                Kinds.unary, note(Self.text, reply), options: options)
            #expect(answer.message.message == Self.text)
            #expect(answer.headers["x-compressed"] == "\(request == .gzip)")
            #expect(answer.headers["x-accepts"] == "true")
            #expect(answer.wasCompressed == (reply == 1))
        }
    }

    @Test func packsWhatTheServerIsConfiguredTo() async throws {
        try await withServer(configure: { $0.compression = .gzip }, router: Self.add) { pair async throws in
            for (choice, isPacked) in [(0, true), (1, true), (2, false)] {
                let answer: UnaryReply<Note> = try await pair.channel.unaryReply(
                    Kinds.unary, note(Self.text, choice), options: CallOptions())
                #expect(answer.wasCompressed == isPacked && answer.message.message == Self.text)
            }
        }
    }

    @Test(arguments: [[1, 2, 1, 2], [2, 1, 2, 1], [0, 1, 2, 1]])
    func aStreamChangesItsMind(_ choices: [Int]) async throws {
        try await withServer(router: Self.add) { pair async throws in
            let options = CallOptions(compression: .gzip)
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(
                Kinds.both, options: options)
            var replies = chat.responses.makeAsyncIterator()
            for (index, choice) in choices.enumerated() {
                let isPacked = index.isMultiple(of: 2)
                try await chat.send(note(Self.text, choice), compress: isPacked)
                let reply = try await replies.next()
                #expect(reply?.message == Self.text)
                #expect(reply?.code == (isPacked ? 1 : 2))
                // Headers that have gone without a coding cannot be taken back: then nothing is packed.
                let mayPack = choices[0] != 0
                #expect(await chat.responses.lastMessageWasCompressed == (choice == 1 && mayPack))
            }
            try await chat.finishSending()
            #expect(try await replies.next() == nil)
        }
    }

    @Test(arguments: [nil, "identity", "deflate, br"])
    func sendsNoGzipToWhoDoesNotAcceptIt(_ accepted: String?) async throws {
        try await withServer(configure: { $0.compression = .gzip }, router: Self.add) { pair async throws in
            var request = RawRequest()
            request.set("grpc-accept-encoding", accepted)
            // Note of number 1: it asks for gzip.
            request.body = [frame([8, 1])]
            let reply = try await request.send(on: pair.channel)
            #expect(reply.code == "0" && reply.body == frame([8, 1]))
            #expect(reply.head.fields["grpc-encoding"] == nil)
        }
    }

    @Test func limitsWhatAClientUnpacks() async throws {
        try await withServer(
            configure: { $0.compression = .gzip }, client: { $0.maxResponseMessageSize = 5000 }, router: Self.add
        ) { pair async throws in
            #expect(try await failure(of: { try await pair.unary(Self.text) }).code == .resourceExhausted)
            #expect(try await pair.unary("small").message == "small")
        }
    }
}
