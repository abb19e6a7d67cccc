import EchoProtos
import NIOCore
import NIOPosix
import Testing

@testable import Wire

/// A port of 127.0.0.1 that nobody listens on: bound, so that no other test gets it, and closed to all.
struct DeadPort {
    let port: Int
    private let channel: any Channel

    /// A datagram socket would not do: TCP ports are their own.
    init() async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        try await channel.close()
    }

    var address: ServerAddress { ServerAddress(host: "127.0.0.1", port: port) }
}

/// The server says which one it is.
func namedServer(_ name: String, _ address: ListenAddress = .tcp(host: "127.0.0.1", port: 0)) async throws -> (
    server: Server, address: ListenAddress
) {
    try await startServer(ScriptedEcho(onSay: { _, _ in Echo_Echo(name) }), on: address)
}

@Suite(.timeLimit(.minutes(1))) struct PickFirstTests {
    private func names(_ channel: ClientChannel, calls: Int) async throws -> [String] {
        try await within {
            var names: [String] = []
            for _ in 0..<calls { names.append(try await Echo_EchoService.Client(channel).say(Echo_Echo("")).text) }
            return names
        }
    }

    @Test func firstAddressGetsAllCalls() async throws {
        let (a, first) = try await namedServer("a")
        let (b, second) = try await namedServer("b")
        let channel = makeChannel(.addresses([first.tcp, second.tcp]))
        #expect(try await Set(names(channel, calls: 20)) == ["a"])
        await channel.shutDown(grace: .zero)
        await a.drain(grace: .zero)
        await b.drain(grace: .zero)
    }

    @Test func unreachableAddressesArePassedOver() async throws {
        let (b, second) = try await namedServer("b")
        let dead = try await DeadPort()
        let channel = makeChannel(.addresses([dead.address, second.tcp]))
        #expect(try await names(channel, calls: 3) == ["b", "b", "b"])
        await channel.shutDown(grace: .zero)
        await b.drain(grace: .zero)
    }

    @Test func nextAddressTakesOverWhenAServerDrains() async throws {
        let (a, first) = try await namedServer("a")
        let (b, second) = try await namedServer("b")
        let channel = makeChannel(.addresses([first.tcp, second.tcp]))
        #expect(try await names(channel, calls: 1) == ["a"])
        let calls = Task { try await names(channel, calls: 2000) }
        await a.drain()
        #expect(try await calls.value.last == "b")
        await channel.shutDown(grace: .zero)
        await b.drain(grace: .zero)
    }
}

@Suite(.timeLimit(.minutes(1))) struct RoundRobinTests {
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
        let (b, second) = try await namedServer("b")
        let channel = makeChannel(.addresses([first.tcp, second.tcp])) { $0.loadBalancing = .roundRobin }
        #expect(await allReached(channel, ["a", "b"]))
        await b.drain(grace: .zero)
        #expect(try await count(channel, calls: 10) == ["a": 10])
        let (again, _) = try await namedServer("b", second)
        #expect(await allReached(channel, ["a", "b"]))
        await channel.shutDown(grace: .zero)
        await a.drain(grace: .zero)
        await again.drain(grace: .zero)
    }

    @Test func addressThatWasDownAtFirstGetsCallsOnceItIsUp() async throws {
        let (a, first) = try await namedServer("a")
        let dead = try await DeadPort()
        let channel = makeChannel(.addresses([first.tcp, dead.address])) { $0.loadBalancing = .roundRobin }
        #expect(try await count(channel, calls: 10) == ["a": 10])
        let (b, _) = try await namedServer("b", .tcp(host: "127.0.0.1", port: dead.port))
        #expect(await allReached(channel, ["a", "b"]))
        await channel.shutDown(grace: .zero)
        await a.drain(grace: .zero)
        await b.drain(grace: .zero)
    }
}
