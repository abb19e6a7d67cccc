import EchoProtos
import NIOCore
import Testing

@testable import Wire

/// Calls that the server never saw are sent again, whatever their method.
@Suite(.timeLimit(.minutes(3))) struct TransparentRetryTests {
    private func say(_ peer: FramePeer) async throws -> Echo_Echo {
        let channel = makeChannel(.addresses([ServerAddress(host: "127.0.0.1", port: peer.port)]))
        defer { Task { await channel.shutDown(grace: .zero) } }
        return try await within { try await Echo_EchoService.Client(channel).say(Echo_Echo("x")) }
    }

    @Test func refusedStreamIsSentAgain() async throws {
        let peer = try await FramePeer.start { frame in
            guard frame.endsStream else { return [] }
            return frame.stream == 1 ? FramePeer.reset(1, code: 7) : FramePeer.emptyReply(frame.stream)
        }
        _ = try await say(peer)
        #expect(peer.received.filter(\.endsStream).map(\.stream) == [1, 3])
        #expect(peer.connections == 1)
        await peer.stop()
    }

    @Test func callBeyondGoAwayGoesOverANewConnection() async throws {
        let peer = try await FramePeer.start { frame in
            guard frame.endsStream else { return [] }
            return frame.connection == 1 ? FramePeer.goAway(last: 0) : FramePeer.emptyReply(frame.stream)
        }
        _ = try await say(peer)
        #expect(peer.connections == 2)
        await peer.stop()
    }

    @Test func callBelowGoAwayFinishesOnItsConnection() async throws {
        let peer = try await FramePeer.start { frame in
            frame.endsStream ? FramePeer.goAway(last: 1) + FramePeer.emptyReply(frame.stream) : []
        }
        _ = try await say(peer)
        #expect(peer.connections == 1)
        await peer.stop()
    }

    @Test func serverThatRefusesForEverIsGivenUp() async throws {
        let peer = try await FramePeer.start { frame in
            frame.endsStream ? FramePeer.reset(frame.stream, code: 7) : []
        }
        let error = try await failure { try await say(peer) }
        #expect(error.code == .unavailable)
        #expect(peer.received.count(where: \.endsStream) == 6)
        await peer.stop()
    }

    @Test func otherResetsAreNotSentAgain() async throws {
        let peer = try await FramePeer.start { frame in
            frame.endsStream ? FramePeer.reset(frame.stream, code: 2) : []
        }
        let error = try await failure { try await say(peer) }
        #expect(error.code == .internal)
        #expect(peer.received.count(where: \.endsStream) == 1)
        await peer.stop()
    }

    @Test func serverStreamingCallIsSentAgainToo() async throws {
        let peer = try await FramePeer.start { frame in
            guard frame.endsStream else { return [] }
            return frame.stream == 1 ? FramePeer.reset(1, code: 7) : FramePeer.emptyReply(frame.stream)
        }
        let channel = makeChannel(.addresses([ServerAddress(host: "127.0.0.1", port: peer.port)]))
        let count = try await within {
            var count = 0
            for try await _ in try await Echo_EchoService.Client(channel).stream(Echo_StreamReq("x", count: 1)) {
                count += 1
            }
            return count
        }
        #expect(count == 1)
        await channel.shutDown(grace: .zero)
        await peer.stop()
    }

    /// A server that announces few streams: calls wait, and none fails.
    @Test func moreCallsThanStreamsAllSucceed() async throws {
        let (server, address) = try await startServer { $0.http2.maxConcurrentStreams = 2 }
        let channel = makeChannel(address.target) { $0.maxConnectionsPerAddress = 2 }
        let client = Echo_EchoService.Client(channel)
        try await within {
            try await withThrowingTaskGroup(of: String.self) { group in
                for index in 0..<200 { group.addTask { try await client.say(Echo_Echo("\(index)")).text } }
                var seen = Set<String>()
                for try await text in group { seen.insert(text) }
                #expect(seen.count == 200)
            }
        }
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }
}
