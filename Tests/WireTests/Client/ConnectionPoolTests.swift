import EchoProtos
import NIOCore
import Testing

@testable import Wire

/// Which connections a channel makes, and which calls wait for them.
@Suite(.timeLimit(.minutes(3))) struct ConnectionPoolTests {
    /// A service whose calls wait for the gate.
    private func gated(_ gate: Gate, _ begun: Tally) -> ScriptedEcho {
        ScriptedEcho(onSay: { request, context in
            begun.add()
            await gate.wait()
            return Echo_Echo("\(context.peer.port)")
        })
    }

    private func say(_ channel: ClientChannel, count: Int, options: CallOptions = CallOptions()) -> [Task<
        String, any Error
    >] {
        (0..<count).map { _ in
            Task {
                try await within {
                    try await Echo_EchoService.Client(channel).say(Echo_Echo(""), options: options).text
                }
            }
        }
    }

    @Test(arguments: [(4, 1), (5, 2), (8, 2), (9, 3)])
    func furtherConnectionOnlyWhenStreamsRunOut(calls: Int, connections: Int) async throws {
        let gate = Gate()
        let begun = Tally()
        let (server, address) = try await startServer(gated(gate, begun)) { $0.http2.maxConcurrentStreams = 4 }
        let channel = makeChannel(address.target)
        let tasks = say(channel, count: calls)
        #expect(await eventually { begun.value == calls })
        gate.open()
        var ports = Set<String>()
        for task in tasks { ports.insert(try await task.value) }
        #expect(ports.count == connections)
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func connectionsHaveALimitAndCallsBeyondItWait() async throws {
        let gate = Gate()
        let begun = Tally()
        let (server, address) = try await startServer(gated(gate, begun)) { $0.http2.maxConcurrentStreams = 2 }
        let channel = makeChannel(address.target) { $0.maxConnectionsPerAddress = 2 }
        let tasks = say(channel, count: 10)
        #expect(await eventually { begun.value == 4 })
        try await Task.sleep(for: .milliseconds(50))
        #expect(begun.value == 4)
        gate.open()
        for task in tasks { _ = try await task.value }
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func queueHasABound() async throws {
        let gate = Gate()
        let begun = Tally()
        let (server, address) = try await startServer(gated(gate, begun)) { $0.http2.maxConcurrentStreams = 1 }
        let channel = makeChannel(address.target) {
            $0.maxConnectionsPerAddress = 1
            $0.maxQueuedCalls = 3
        }
        let running = say(channel, count: 1)
        #expect(await eventually { begun.value == 1 })
        let waiting = say(channel, count: 20)
        let failed = Tally()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                _ = await eventually { failed.value == 17 }
                gate.open()
            }
            for task in waiting {
                group.addTask {
                    do {
                        _ = try await task.value
                    } catch let error as RPCError where error.code == .resourceExhausted {
                        failed.add()
                    } catch {
                        Issue.record(error)
                    }
                }
            }
        }
        #expect(failed.value == 17)
        _ = try await running[0].value
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func waitingCallHearsOfItsDeadlineAndOfCancellation() async throws {
        let gate = Gate()
        let begun = Tally()
        let (server, address) = try await startServer(gated(gate, begun)) { $0.http2.maxConcurrentStreams = 1 }
        let channel = makeChannel(address.target) { $0.maxConnectionsPerAddress = 1 }
        let running = say(channel, count: 1)
        #expect(await eventually { begun.value == 1 })
        let late = say(channel, count: 1, options: CallOptions(timeout: .milliseconds(50)))[0]
        #expect(await late.failureCode == .deadlineExceeded)
        let cancelled = Task { try await Echo_EchoService.Client(channel).say(Echo_Echo("")) }
        try await Task.sleep(for: .milliseconds(30))
        cancelled.cancel()
        #expect(await cancelled.failureCode == .cancelled)
        gate.open()
        _ = try await running[0].value
        #expect(begun.value == 1, "neither was sent")
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func backoffSparesAServerThatIsDown() async throws {
        // It accepts and closes: no connection becomes ready.
        let peer = try await FramePeer.start(greeting: FramePeer.goAway(last: 0))
        let channel = makeChannel(.addresses([ServerAddress(host: "127.0.0.1", port: peer.port)])) {
            $0.initialBackoff = .milliseconds(100)
            $0.backoffMultiplier = 2
            $0.connectTimeout = .milliseconds(50)
        }
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .milliseconds(700) {
            _ = try await failure { try await Echo_EchoService.Client(channel).say(Echo_Echo("")) }
            try await Task.sleep(for: .milliseconds(1))
        }
        // 100, 200 and 400 ms of waiting lie between four attempts; a slow machine makes fewer.
        #expect((1...5).contains(peer.connections), "\(peer.connections) attempts")
        await channel.shutDown(grace: .zero)
        await peer.stop()
    }

    @Test func channelThatIsDroppedEndsItsConnections() async throws {
        let (server, address) = try await startServer()
        var channel: ClientChannel? = makeChannel(address.target)
        _ = try await Echo_EchoService.Client(channel!).say(Echo_Echo("x"))
        channel = nil
        // No call is open, so the drain ends once the connection has.
        try await within { await server.drain(grace: .seconds(60)) }
    }
}
