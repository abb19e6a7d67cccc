import EchoProtos
import NIOCore
import Testing

@testable import Wire

/// What a peer sees of a client that loses interest, and what a server's own calls inherit.
@Suite(.timeLimit(.minutes(3))) struct StreamEndTests {
    private func resets(_ peer: FramePeer) -> [UInt8] {
        peer.received.filter { $0.type == FramePeer.Frame.reset }.map(\.code)
    }

    private func channel(_ peer: FramePeer) -> ClientChannel {
        makeChannel(.addresses([ServerAddress(host: "127.0.0.1", port: peer.port)]))
    }

    private func began(_ peer: FramePeer) async -> Bool {
        await eventually { peer.received.contains(where: \.endsStream) }
    }

    @Test func droppedStreamIsReset() async throws {
        let peer = try await FramePeer.start()
        let channel = channel(peer)
        var stream: ResponseStream? = try await Echo_EchoService.Client(channel).stream(Echo_StreamReq("x", count: 1))
        _ = stream
        #expect(await began(peer))
        #expect(resets(peer).isEmpty)
        stream = nil
        #expect(await eventually { resets(peer) == [8] })
        await channel.shutDown(grace: .zero)
        await peer.stop()
    }

    @Test func cancelledTaskResetsItsStream() async throws {
        let peer = try await FramePeer.start()
        let channel = channel(peer)
        let call = Task { try await Echo_EchoService.Client(channel).say(Echo_Echo("x")) }
        #expect(await began(peer))
        call.cancel()
        #expect(await call.failureCode == .cancelled)
        #expect(await eventually { resets(peer) == [8] })
        await channel.shutDown(grace: .zero)
        await peer.stop()
    }

    @Test func deadlineResetsItsStream() async throws {
        let peer = try await FramePeer.start()
        let channel = channel(peer)
        let error = try await failure {
            try await Echo_EchoService.Client(channel).say(
                Echo_Echo("x"), options: CallOptions(timeout: .milliseconds(1500)))
        }
        #expect(error.code == .deadlineExceeded)
        #expect(await eventually { resets(peer) == [8] })
        await channel.shutDown(grace: .zero)
        await peer.stop()
    }

    @Test func connectionThatDiesEndsItsCalls() async throws {
        let (server, address) = try await startServer(
            ScriptedEcho(onSay: { request, _ in
                try? await Task.sleep(for: .seconds(60))
                return request
            }))
        let channel = makeChannel(address.target)
        let call = Task { try await Echo_EchoService.Client(channel).say(Echo_Echo("x")) }
        #expect(await eventually { server.callsInFlight == 1 })
        await server.drain(grace: .zero)
        #expect(await call.failureCode == .unavailable)
        await channel.shutDown(grace: .zero)
    }

    // MARK: Calls made while serving

    /// The time left that an inner call's server sees, when the outer and the inner call ask for these.
    private func timeLeft(outer: TimeAmount?, inner: TimeAmount?) async throws -> Int64? {
        let (back, backAddress) = try await startServer(
            ScriptedEcho(onSay: { _, context in
                Echo_Echo(context.deadline.map { "\(($0 - .now()).nanoseconds / 1_000_000)" } ?? "none")
            }))
        let toBack = makeChannel(backAddress.target)
        let (front, frontAddress) = try await startServer(
            ScriptedEcho(onSay: { request, _ in
                try await Echo_EchoService.Client(toBack).say(request, options: CallOptions(timeout: inner))
            }))
        let toFront = makeChannel(frontAddress.target)
        let result = await Task {
            try await within {
                try await Echo_EchoService.Client(toFront).say(Echo_Echo(""), options: CallOptions(timeout: outer)).text
            }
        }.result
        await toFront.shutDown(grace: .zero)
        await toBack.shutDown(grace: .zero)
        await front.drain(grace: .zero)
        await back.drain(grace: .zero)
        return Int64(try result.get())
    }

    @Test func shorterDeadlineCounts() async throws {
        let none = try await timeLeft(outer: nil, inner: nil)
        #expect(none == nil)
        let outer = try #require(try await timeLeft(outer: .seconds(30), inner: nil))
        #expect((20_000...30_000).contains(outer))
        let shortOuter = try #require(try await timeLeft(outer: .seconds(30), inner: .seconds(90)))
        #expect((20_000...30_000).contains(shortOuter))
        let shortInner = try #require(try await timeLeft(outer: .seconds(90), inner: .seconds(30)))
        #expect((20_000...30_000).contains(shortInner))
    }

    @Test func cancellationPassesOn() async throws {
        let ended = Tally()
        let begun = Tally()
        let (back, backAddress) = try await startServer(
            ScriptedEcho(onSay: { request, _ in
                begun.add()
                try? await Task.sleep(for: .seconds(60))
                if Task.isCancelled { ended.add() }
                return request
            }))
        let toBack = makeChannel(backAddress.target)
        let (front, frontAddress) = try await startServer(
            ScriptedEcho(onSay: { request, _ in
                try await Echo_EchoService.Client(toBack).say(request)
            }))
        let toFront = makeChannel(frontAddress.target)
        let call = Task { try await Echo_EchoService.Client(toFront).say(Echo_Echo("x")) }
        #expect(await eventually { begun.value == 1 })
        call.cancel()
        #expect(await eventually { ended.value == 1 })
        _ = await call.failureCode
        await toFront.shutDown(grace: .zero)
        await toBack.shutDown(grace: .zero)
        await front.drain(grace: .zero)
        await back.drain(grace: .zero)
    }
}
