import EchoProtos
import Logging
import NIOCore
import ServiceLifecycle
import SwiftProtobuf
import Testing
import WireProtos

@testable import Wire

/// A server ends in order, and its clients lose nothing.
@Suite(.timeLimit(.minutes(3))) struct DrainTests {
    private func gated(_ gate: Gate) -> ScriptedEcho {
        ScriptedEcho(onSay: { request, _ in
            await gate.wait()
            if Task.isCancelled { throw RPCError(code: .aborted, message: "cancelled") }
            return request
        })
    }

    private func say(_ channel: ClientChannel) -> Task<String, any Error> {
        Task { try await within { try await Echo_EchoService.Client(channel).say(Echo_Echo("x")).text } }
    }

    @Test func callsInFlightFinish() async throws {
        let gate = Gate()
        let (server, address) = try await startServer(gated(gate))
        let channel = makeChannel(address.target)
        let call = say(channel)
        #expect(await eventually { server.callsInFlight == 1 })
        let drain = Task { await server.drain(grace: .seconds(30)) }
        try await Task.sleep(for: .milliseconds(300))
        #expect(server.callsInFlight == 1)
        gate.open()
        #expect(try await call.value == "x")
        try await within { await drain.value }
        await channel.shutDown(grace: .zero)
    }

    @Test func limitCancelsTheRest() async throws {
        let (server, address) = try await startServer(gated(Gate()))
        let channel = makeChannel(address.target)
        let call = say(channel)
        #expect(await eventually { server.callsInFlight == 1 })
        try await within { await server.drain(grace: .milliseconds(200)) }
        #expect(server.callsInFlight == 0)
        #expect(await call.failureCode == .unavailable)
        await channel.shutDown(grace: .zero)
    }

    @Test func healthSaysSoFirst() async throws {
        let gate = Gate()
        let health = HealthService(services: ["echo.EchoService"])
        let (server, address) = try await startServer(gated(gate), more: [health]) {
            $0.drainDelay = .seconds(3)
        }
        let channel = makeChannel(address.target)
        let checks = Grpc_Health_V1_Health.Client(channel)
        #expect(try await checks.check(.init()).status == .serving)
        let watch = try await checks.watch(.with { $0.service = "echo.EchoService" })
        var news = watch.makeAsyncIterator()
        #expect(try await news.next()?.status == .serving)
        let drain = Task { await server.drain(grace: .seconds(30)) }
        #expect(try await news.next()?.status == .notServing)
        // New calls and connections are still served, so that balancers can see it.
        let another = makeChannel(address.target)
        let seen = try await within { try await Grpc_Health_V1_Health.Client(another).check(.init()).status }
        #expect(seen == .notServing)
        health.setAll(.serving)
        #expect(try await checks.check(.init()).status == .notServing, "a drain is for good")
        gate.open()
        try await within { await drain.value }
        await channel.shutDown(grace: .zero)
        await another.shutDown(grace: .zero)
    }

    @Test func newCallsGoToAnotherServer() async throws {
        let gate = Gate()
        let (a, first) = try await startServer(
            ScriptedEcho(onSay: { request, _ in
                if request.text == "x" { await gate.wait() }
                return request
            }))
        let (b, second) = try await namedServer("b")
        let channel = makeChannel(.addresses([first.tcp, second.tcp]))
        let held = say(channel)
        #expect(await eventually { a.callsInFlight == 1 })
        let drain = Task { await a.drain(grace: .seconds(30)) }
        // Until GOAWAY has come they may still reach the first; none may fail.
        var names: [String] = []
        let isMoved = await eventually {
            do {
                names.append(try await within { try await Echo_EchoService.Client(channel).say(Echo_Echo("a")).text })
            } catch {
                Issue.record(error)
            }
            return names.last == "b"
        }
        #expect(isMoved && a.callsInFlight == 1)
        gate.open()
        #expect(try await held.value == "x")
        await drain.value
        await channel.shutDown(grace: .zero)
        await b.drain(grace: .zero)
    }

    @Test func noCallFailsWhileAServerDrains() async throws {
        let (a, first) = try await namedServer("a")
        let (b, second) = try await namedServer("b")
        let channel = makeChannel(.addresses([first.tcp, second.tcp])) { $0.loadBalancing = .roundRobin }
        let done = Gate()
        try await within {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var calls = 0
                        while !done.isOpen {
                            _ = try await Echo_EchoService.Client(channel).say(Echo_Echo("x"))
                            calls += 1
                        }
                        return calls
                    }
                }
                _ = try await Echo_EchoService.Client(channel).say(Echo_Echo("x"))
                try await Task.sleep(for: .milliseconds(100))
                await a.drain(grace: .seconds(10))
                try await Task.sleep(for: .milliseconds(50))
                done.open()
                #expect(try await group.reduce(0, +) > 8)
            }
        }
        await channel.shutDown(grace: .zero)
        await b.drain(grace: .zero)
    }

    @Test func inProcessServerDrainsToo() async throws {
        let gate = Gate()
        let server = Server(services: [gated(gate)])
        let channel = makeChannel(.inProcess(server))
        let call = say(channel)
        #expect(await eventually { server.callsInFlight == 1 })
        let drain = Task { await server.drain(grace: .seconds(30)) }
        try await Task.sleep(for: .milliseconds(50))
        gate.open()
        #expect(try await call.value == "x")
        try await within { await drain.value }
        let late = try await failure {
            try await within { try await Echo_EchoService.Client(channel).say(Echo_Echo("x")) }
        }
        #expect(late.code == .unavailable)
        await channel.shutDown(grace: .zero)
    }

    @Test func serviceGroupShutsServerAndChannelDown() async throws {
        let drained = Tally()
        let gate = Gate()
        let (server, address) = try await startServer(gated(gate), onDrain: { drained.add() })
        let channel = makeChannel(address.target)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server), .init(service: channel)], logger: Logger(label: "test")))
        let running = Task { try await within { try await group.run() } }
        let call = say(channel)
        #expect(await eventually { server.callsInFlight == 1 })
        #expect(drained.value == 0)
        await group.triggerGracefulShutdown()
        try await Task.sleep(for: .milliseconds(100))
        gate.open()
        #expect(try await call.value == "x")
        try await running.value
        #expect(drained.value == 1)
        #expect(server.callsInFlight == 0)
    }

    @Test func runEndsWithItsTask() async throws {
        let (server, _) = try await startServer()
        let running = Task { try await server.run() }
        try await Task.sleep(for: .milliseconds(20))
        running.cancel()
        try await within { try await running.value }
    }
}
