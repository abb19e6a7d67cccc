import EchoProtos
import NIOCore
import Testing

@testable import Wire

/// Calls go to all addresses in turn.
@Suite(.timeLimit(.minutes(3))) struct RoundRobinTests {
    private func count(_ channel: ClientChannel, calls: Int) async throws -> [String: Int] {
        try await within {
            var counts: [String: Int] = [:]
            for _ in 0..<calls {
                counts[try await Echo_EchoService.Client(channel).say(Echo_Echo("")).text, default: 0] += 1
            }
            return counts
        }
    }

    private func allReached(_ channel: ClientChannel, _ names: Set<String>) async -> Bool {
        await eventually { (try? await Set(count(channel, calls: 10).keys)) == names }
    }

    @Test func callsAreSpreadEvenly() async throws {
        let (a, first) = try await namedServer("a")
        let (b, second) = try await namedServer("b")
        let (c, third) = try await namedServer("c")
        let channel = makeChannel(.addresses([first.tcp, second.tcp, third.tcp])) { $0.loadBalancing = .roundRobin }
        #expect(await allReached(channel, ["a", "b", "c"]))
        #expect(try await count(channel, calls: 30) == ["a": 10, "b": 10, "c": 10])
        await channel.shutDown(grace: .zero)
        for server in [a, b, c] { await server.drain(grace: .zero) }
    }

    @Test func serverThatComesBackGetsCallsAgain() async throws {
        let (a, first) = try await namedServer("a")
        let port = try DeadPort()
        let (b, second) = try await namedServer("b", port.listenAddress)
        let channel = makeChannel(.addresses([first.tcp, second.tcp])) { $0.loadBalancing = .roundRobin }
        #expect(await allReached(channel, ["a", "b"]))
        await b.drain()
        #expect(try await count(channel, calls: 10) == ["a": 10])
        let (again, _) = try await namedServer("b", second)
        #expect(await allReached(channel, ["a", "b"]))
        await channel.shutDown(grace: .zero)
        await a.drain(grace: .zero)
        await again.drain(grace: .zero)
    }

    @Test func addressThatWasDownAtFirstGetsCallsOnceItIsUp() async throws {
        let (a, first) = try await namedServer("a")
        let dead = try DeadPort()
        let channel = makeChannel(.addresses([first.tcp, dead.address])) { $0.loadBalancing = .roundRobin }
        #expect(try await count(channel, calls: 10) == ["a": 10])
        let (b, _) = try await namedServer("b", dead.listenAddress)
        #expect(await allReached(channel, ["a", "b"]))
        await channel.shutDown(grace: .zero)
        await a.drain(grace: .zero)
        await b.drain(grace: .zero)
    }
}
