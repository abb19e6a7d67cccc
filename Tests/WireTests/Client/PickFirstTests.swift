import EchoProtos
import NIOCore
import Testing

@testable import Wire

/// The server says which one it is.
func namedServer(_ name: String, _ address: ListenAddress = .tcp(host: "127.0.0.1", port: 0)) async throws -> (
    server: Server, address: ListenAddress
) {
    try await startServer(ScriptedEcho(onSay: { _, _ in Echo_Echo(name) }), on: address)
}

@Suite(.timeLimit(.minutes(3))) struct PickFirstTests {
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
        let dead = try DeadPort()
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
