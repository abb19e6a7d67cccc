import InteropProtos
import NIOCore
import Testing

@testable import Wire

/// Channels that are dropped, after whatever happened to them, are gone.
@Suite(.timeLimit(.minutes(3))) struct LeftoverTests {
    private func expectGone(
        _ target: ChannelTarget,
        _ loops: EventLoops,
        _ use: (ClientChannel) async throws -> Void
    ) async throws {
        weak var pool: ConnectionPool?
        do {
            let channel = ClientChannel(target, eventLoops: loops)
            pool = channel.pool
            try await use(channel)
        }
        #expect(await eventually { pool == nil })
    }

    @Test func afterAttemptsThatFailed() async throws {
        let dead = try DeadPort()
        let loops = EventLoops(threads: 1)
        try await expectGone(.addresses([dead.address]), loops) { channel in
            let error = try await failure { try await channel.unaryBytes(Kinds.unary, []) }
            #expect(error.code == .unavailable)
        }
        try await expectGone(.unix(path: "/nonexistent/socket"), loops) { channel in
            let error = try await failure { try await channel.unaryBytes(Kinds.unary, []) }
            #expect(error.code == .unavailable)
        }
        try await loops.shutdown()
    }

    @Test(arguments: [false, true]) func afterCalls(_ isInProcess: Bool) async throws {
        try await withServer(router: addEchoes) { pair in
            let address = ServerAddress(host: "127.0.0.1", port: pair.port)
            let target = isInProcess ? ChannelTarget.inProcess(pair.server) : .addresses([address])
            try await expectGone(target, pair.loops) { channel in
                #expect(try await channel.unaryBytes(Kinds.unary, []).message == [])
                let stream = try await channel.byteStream(Kinds.both)
                try await stream.send([])
                #expect(try await stream.next() == [])
            }
        }
    }
}
