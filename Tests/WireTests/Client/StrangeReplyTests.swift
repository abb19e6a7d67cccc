import InteropProtos
import NIOCore
import Testing

@testable import Wire

/// What a client makes of replies that no gRPC server would send.
@Suite(.timeLimit(.minutes(3))) struct StrangeReplyTests {
    private func code(_ reply: @escaping @Sendable (Int) -> [UInt8]) async throws -> StatusCode {
        let peer = try await FramePeer.start { frame in
            frame.type == FramePeer.Frame.headers ? reply(frame.stream) : []
        }
        let channel = makeChannel(.addresses([ServerAddress(host: "127.0.0.1", port: peer.port)]))
        let error = try await within {
            try await failure {
                try await channel.unaryBytes(Kinds.unary, [], options: CallOptions(timeout: .seconds(60)))
            }
        }
        await channel.shutDown(grace: .zero)
        await peer.stop()
        return error.code
    }

    private static let grpc = (":status", "200")
    private static let type = ("content-type", "application/grpc")

    @Test(
        arguments: [
            ([(":status", "503")], StatusCode.unavailable), ([(":status", "404")], .unimplemented),
            ([(":status", "401")], .unauthenticated), ([grpc, ("content-type", "text/html")], .unknown),
            ([grpc, type], .internal),
            ([grpc, type, ("grpc-status", "9")], .failedPrecondition), ([grpc, type, ("grpc-status", "0")], .internal),
            ([grpc, type, ("grpc-status", "nine")], .unknown), ([grpc, type, ("grpc-encoding", "br")], .internal),
        ] as [([(String, String)], StatusCode)])
    func ofOneBlock(_ fields: [(String, String)], _ expected: StatusCode) async throws {
        #expect(try await code { FramePeer.headers($0, fields, ends: true) } == expected)
    }

    @Test(
        arguments: [
            ([2, 0, 0, 0, 0], StatusCode.internal), ([1, 0, 0, 0, 0], .internal), ([0, 0, 0, 0, 9, 1], .internal),
            ([0, 255, 255, 255, 255], .resourceExhausted), (frame([]) + frame([]), .internal),
            (frame([]) + [0], .internal),
        ] as [([UInt8], StatusCode)])
    func ofBadMessages(_ body: [UInt8], _ expected: StatusCode) async throws {
        let code = try await code { stream in
            FramePeer.headers(stream, [Self.grpc, Self.type]) + FramePeer.frame(FramePeer.Frame.data, 0, stream, body)
                + FramePeer.headers(stream, [("grpc-status", "0")], ends: true)
        }
        #expect(code == expected)
    }

    @Test func thatEndWithoutTrailers() async throws {
        let code = try await code { stream in
            FramePeer.headers(stream, [Self.grpc, Self.type])
                + FramePeer.frame(FramePeer.Frame.data, 1, stream, frame([]))
        }
        #expect(code == .internal)
    }
}
