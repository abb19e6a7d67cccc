import EchoProtos
import NIOCore
import NIOPosix
import Testing

@testable import Wire

/// Peers that are there and say nothing, and addresses where nobody is.
@Suite(.timeLimit(.minutes(3))) struct KeepaliveTests {
    private func error(
        _ target: ChannelTarget, change: (inout ChannelConfiguration) -> Void
    ) async throws -> RPCError {
        let channel = makeChannel(target, change: change)
        let error = try await failure {
            try await within { try await Echo_EchoService.Client(channel).say(Echo_Echo("x")) }
        }
        try await within { await channel.shutDown(grace: .zero) }
        return error
    }

    private func target(_ peer: FramePeer) -> ChannelTarget {
        .addresses([ServerAddress(host: "127.0.0.1", port: peer.port)])
    }

    @Test func peerThatNeverAnswersPingsIsLeft() async throws {
        let peer = try await FramePeer.start()
        let error = try await error(target(peer)) {
            $0.http2.keepaliveInterval = .milliseconds(50)
            $0.http2.keepaliveTimeout = .milliseconds(300)
        }
        #expect(error.code == .unavailable && error.message.contains("keepalive"), "\(error)")
        #expect(await eventually { peer.received.contains { $0.type == FramePeer.Frame.ping } })
        await peer.stop()
    }

    @Test func peerThatAnswersPingsIsKept() async throws {
        let peer = try await FramePeer.start { frame in
            if frame.type == FramePeer.Frame.ping, frame.flags == 0 {
                return FramePeer.frame(FramePeer.Frame.ping, 1, 0, frame.payload)
            }
            return []
        }
        let channel = makeChannel(target(peer)) {
            $0.http2.keepaliveInterval = .milliseconds(20)
            $0.http2.keepaliveTimeout = .milliseconds(1000)
        }
        let options = CallOptions(timeout: .milliseconds(2000))
        let error = try await failure {
            try await Echo_EchoService.Client(channel).say(Echo_Echo("x"), options: options)
        }
        #expect(error.code == .deadlineExceeded)
        #expect(peer.received.count { $0.type == FramePeer.Frame.ping } > 1)
        await channel.shutDown(grace: .zero)
        await peer.stop()
    }

    @Test func peerWithoutSettingsIsNoConnection() async throws {
        let peer = try await FramePeer.start(greeting: [])
        let error = try await error(target(peer)) { $0.connectTimeout = .milliseconds(500) }
        #expect(error.code == .unavailable && error.message.contains("127.0.0.1:\(peer.port)"), "\(error)")
        // On a busy machine the socket itself may be what is late; the words are the same.
        #expect(error.message.contains("in time"), "\(error)")
        await peer.stop()
    }

    @Test func peerThatSpeaksNoHTTP2IsNoConnection() async throws {
        let peer = try await FramePeer.start(greeting: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        let error = try await error(target(peer)) { _ in }
        #expect(error.code == .unavailable, "\(error)")
        await peer.stop()
    }

    @Test func refusedConnectionSaysWhereAndWhy() async throws {
        let dead = try DeadPort()
        let error = try await error(.addresses([dead.address])) { _ in }
        #expect(error.code == .unavailable)
        #expect(error.message.contains("127.0.0.1:\(dead.port)"), "\(error.message)")
        #expect(error.message.lowercased().contains("connection refused"), "\(error.message)")
        #expect(error.message.count < 200, "\(error.message)")
    }

    @Test func missingSocketSaysWhereAndWhy() async throws {
        let error = try await error(.unix(path: "/nowhere/wire.sock")) { _ in }
        #expect(error.code == .unavailable)
        #expect(error.message.contains("unix:/nowhere/wire.sock"), "\(error.message)")
        #expect(error.message.contains("No such file"), "\(error.message)")
    }

    @Test func unknownNameSaysSo() async throws {
        let error = try await error(.dns(host: "no-such-host.invalid", port: 1)) { _ in }
        #expect(error.code == .unavailable && error.message.contains("no-such-host.invalid"), "\(error.message)")
    }

    @Test func nameOfThisMachineIsFound() async throws {
        let (server, address) = try await startServer()
        let channel = makeChannel(.dns(host: "localhost", port: address.tcp.port))
        let reply = try await within { try await Echo_EchoService.Client(channel).say(Echo_Echo("x")) }
        #expect(reply.text == "x")
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }
}
