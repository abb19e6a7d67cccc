import InteropProtos
import NIOCore
import Testing

@testable import Wire

/// What a connection holds of large messages that come in part.
@Suite struct GatheringTests {
    private static let window = 65_535
    private static let limit = 200_000
    private static let size = 400_000

    private static func configure(_ configuration: inout ServerConfiguration) {
        configuration.http2.streamWindow = window
        configuration.http2.maxGatheredBytes = limit
    }

    /// Requests of which each is larger than the limit all come through, one after another.
    @Test(arguments: [Kinds.unary, Kinds.client]) func largeRequestsTakeTurns(_ method: MethodDescriptor) async throws {
        let text = String(repeating: "x", count: Self.size)
        try await withServer(configure: Self.configure) { router in
            addEchoes(&router)
        } _: { pair async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<24 {
                    group.addTask {
                        if method === Kinds.unary { return try await pair.unary(text).message.utf8.count }
                        let call: ClientStreamingCall<Note, Note> = try await pair.channel.clientStreaming(method)
                        try await call.send(note(text))
                        return try await call.finish().message.utf8.count
                    }
                }
                for try await count in group { #expect(count == Self.size) }
            }
        }
    }

    /// Streams that never complete hold the limit, a message and a window each; others run on meanwhile, and what was
    /// held back goes on when they have gone.
    @Test func whatIsHeldIsBounded() async throws {
        try await withServer(configure: Self.configure) { router in
            addEchoes(&router)
        } _: { pair async throws in
            var request = RawRequest()
            request.body = [frame([], length: 1_000_000)]
            request.ends = false
            var streams: [HTTP2ClientStream] = []
            for _ in 0..<10 { streams.append(try await request.start(on: pair.channel)) }
            let taken = Box([Int](repeating: 0, count: streams.count))
            let chunk = ByteBuffer(repeating: 0, count: 10_000)
            let writers = streams.indices.map { index in
                let stream = streams[index]
                return Task {
                    for _ in 0..<99 {
                        try await stream.write(chunk)
                        taken.change { $0[index] += 10_000 }
                    }
                }
            }
            // One is let through, all but its last bytes; the others stop.
            try await eventually("one message came") { taken.value.contains { $0 == 990_000 } }
            var last: [Int] = []
            while last != taken.value {
                last = taken.value
                try await Task.sleep(for: .milliseconds(200))
            }
            // What a writer has handed over lies in the client's buffer, in the server's window, or was gathered.
            let most = Self.limit + 1_000_000 + streams.count * (2 * Self.window + 64 * 1024 + 10_000)
            #expect(last.reduce(0, +) <= most)
            #expect(last.count { $0 == 990_000 } < streams.count / 2)
            #expect(try await pair.unary("small").message == "small")
            // The one in the way leaves: the next goes on, until all have had their turn.
            for _ in streams {
                guard let index = taken.value.firstIndex(of: 990_000) else { break }
                await streams[index].reset(with: .cancel)
                taken.change { $0[index] = 0 }
                let isLast = taken.value.allSatisfy { $0 == 0 }
                if isLast { break }
                try await eventually("the next message came") { taken.value.contains(990_000) }
            }
            #expect(taken.value.allSatisfy { $0 == 0 })
            for writer in writers { writer.cancel() }
        }
    }
}
