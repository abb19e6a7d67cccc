import InteropProtos
import SwiftProtobuf
import Testing

@testable import Wire

/// Messages too large to be packed or unpacked on an event loop.
@Suite struct CompressionPoolTests {
    /// Hard to pack, so that both forms are large.
    private static let text = String(
        decoding: (0..<400_000).map { _ in UInt8.random(in: 0x20..<0x7F) }, as: UTF8.self)

    private static func withPool(
        _ pool: CompressionPool,
        configure: @escaping (inout ServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (TestServer) async throws -> Void
    ) async throws {
        try await withServer {
            $0.compressionPool = pool
            $0.compression = .gzip
            configure(&$0)
        } client: {
            $0.compressionPool = pool
            $0.compression = .gzip
        } router: {
            addEchoes(&$0)
        } _: {
            try await body($0)
        }
    }

    @Test func carriesLargeMessagesOfAllKinds() async throws {
        try await Self.withPool(CompressionPool(threads: 2)) { pair async throws in
            let reply: UnaryReply<Note> = try await pair.channel.unaryReply(Kinds.unary, note(Self.text))
            #expect(reply.wasCompressed && reply.message.message == Self.text)
            // From a task of another executor, too.
            let loop = pair.loops.executors[0]
            let inLoop = try await Task(executorPreference: loop) { try await pair.unary(Self.text).message }.value
            #expect(inLoop == Self.text)
            let stream: ResponseStream<Note> = try await pair.channel.serverStreaming(Kinds.server, note(Self.text, 3))
            var count = 0
            for try await message in stream {
                #expect(message.message == Self.text && message.code == count)
                count += 1
            }
            #expect(count == 3)
            let upload: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(Kinds.client)
            for _ in 0..<3 { try await upload.send(note(Self.text)) }
            #expect(try await upload.finish().message == Self.text + Self.text + Self.text)
        }
    }

    /// Small messages behind a large one wait for it.
    @Test func keepsTheOrder() async throws {
        try await Self.withPool(CompressionPool(threads: 2)) { pair async throws in
            let chat: BidirectionalCall<Note, Note> = try await pair.channel.bidirectional(Kinds.both)
            let sender = Task {
                for index in 0..<60 {
                    try await chat.send(note(index.isMultiple(of: 3) ? Self.text : "small", index))
                }
                try await chat.finishSending()
            }
            var next = 0
            for try await reply in chat.responses {
                #expect(Int(reply.code) == next)
                #expect(reply.message == (next.isMultiple(of: 3) ? Self.text : "small"))
                next += 1
            }
            #expect(next == 60)
            try await sender.value
        }
    }

    /// A pool without a place: replies go as they are, packed requests are refused.
    @Test func aFullPoolHoldsNothingUp() async throws {
        try await Self.withPool(CompressionPool(threads: 1, maxQueued: 0)) { pair async throws in
            let reply: UnaryReply<Note> = try await pair.channel.unaryReply(Kinds.unary, note(Self.text))
            #expect(!reply.wasCompressed && reply.message.message == Self.text)
            var request = RawRequest()
            request.fields.append(("grpc-encoding", "gzip"))
            let message: [UInt8] = try note(Self.text).serializedBytes()
            request.body = [frame(unsafe withBytes(message) { unsafe Gzip.compress($0) }, flag: 1)]
            let refused = try await request.send(on: pair.channel)
            #expect(refused.code == "8" && refused.message?.contains("wait to be unpacked") == true)
        }
    }

    /// Limits hold for what is unpacked elsewhere, also where the message says that it is small.
    @Test(arguments: [false, true]) func bombsAreFoundElsewhere(_ lies: Bool) async throws {
        let pool = CompressionPool(threads: 1, inlineSize: 1000)
        try await Self.withPool(pool, configure: { $0.maxRequestMessageSize = 100_000 }) { pair async throws in
            var packed = unsafe withBytes([UInt8](repeating: 0, count: 5_000_000)) { unsafe Gzip.compress($0) }
            if lies { packed.replaceSubrange((packed.count - 4)..., with: [1, 0, 0, 0]) }
            var request = RawRequest()
            request.fields.append(("grpc-encoding", "gzip"))
            request.body = [frame(packed, flag: 1)]
            #expect(try await request.send(on: pair.channel).code == "8")
            #expect(try await pair.unary("after").message == "after")
        }
    }

    /// Calls that end while their messages are at the pool leave nothing behind.
    @Test func cancelledCallsLeaveThePool() async throws {
        try await Self.withPool(CompressionPool(threads: 1)) { pair async throws in
            let calls = (0..<30).map { _ in Task { try await pair.unary(Self.text) } }
            for (index, call) in calls.enumerated() {
                try await Task.sleep(for: .milliseconds(index % 4))
                call.cancel()
            }
            for call in calls { _ = await call.result }
            try await eventually("no call is left") { pair.server.callsInFlight == 0 }
            #expect(try await pair.unary(Self.text).message == Self.text)
            #expect(pair.channel.pool.streamsInUse == 0)
        }
    }
}
