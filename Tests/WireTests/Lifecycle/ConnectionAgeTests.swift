import EchoProtos
import NIOCore
import NIOPosix
import Testing

@testable import Wire

/// Connections end of age, idleness and silence, and no call fails for it.
@Suite(.timeLimit(.minutes(3))) struct ConnectionAgeTests {
    /// The number of connections that calls came over: `wanted`, or fewer if that takes too long. A failure is thrown.
    private func connections(
        _ channel: ClientChannel, tasks: Int, pause: Duration = .zero, wanted: Int
    ) async throws -> Int {
        let ports = Ports()
        let end = ContinuousClock.now + .seconds(20)
        return try await within {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<tasks {
                    group.addTask {
                        while ContinuousClock.now < end {
                            let port = try await Echo_EchoService.Client(channel).say(Echo_Echo("")).text
                            guard await ports.add(port) < wanted else { return }
                            if pause > .zero { try await Task.sleep(for: pause) }
                        }
                    }
                }
                try await group.waitForAll()
                return await ports.count
            }
        }
    }

    private actor Ports {
        private var all = Set<String>()
        var count: Int { all.count }

        func add(_ port: String) -> Int {
            all.insert(port)
            return all.count
        }
    }

    private let portEcho = ScriptedEcho(onSay: { _, context in Echo_Echo("\(context.peer.port)") })

    @Test(arguments: [false, true]) func agedConnectionsAreReplacedUnderLoad(isEncrypted: Bool) async throws {
        let files = try TestCertificates.shared.get()
        let (server, address) = try await startServer(
            portEcho, tls: isEncrypted ? files.server("server") : nil
        ) { $0.http2.maxAge = .milliseconds(200) }
        let channel = makeChannel(address.target, tls: isEncrypted ? try files.client() : nil)
        #expect(try await connections(channel, tasks: 6, wanted: 4) >= 4)
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func idleConnectionsEndBetweenCalls() async throws {
        let (server, address) = try await startServer(portEcho) { $0.http2.maxIdleTime = .milliseconds(40) }
        let channel = makeChannel(address.target)
        // About the idle time apart, so that calls meet connections which are just ending.
        #expect(try await connections(channel, tasks: 1, pause: .milliseconds(45), wanted: 4) >= 4)
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func clientEndsItsIdleConnectionsToo() async throws {
        let (server, address) = try await startServer(portEcho)
        let channel = makeChannel(address.target) { $0.http2.maxIdleTime = .milliseconds(40) }
        #expect(try await connections(channel, tasks: 1, pause: .milliseconds(45), wanted: 4) >= 4)
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func agesVary() async throws {
        let (server, address) = try await startServer { configuration in
            configuration.http2.maxAge = .milliseconds(400)
            configuration.http2.jitter = 0.5
        }
        // A process that stands still for longer than the ages differ sees all connections end at once: another round.
        var spread = Duration.zero
        for _ in 0..<5 where spread <= .milliseconds(60) {
            let times = try await lifetimes(of: 12, address)
            #expect(times.count == 12)
            spread = times[11] - times[0]
        }
        #expect(spread > .milliseconds(60))
        await server.drain(grace: .zero)
    }

    /// How long `count` connections last that are opened at once, shortest first.
    private func lifetimes(of count: Int, _ address: ListenAddress) async throws -> [Duration] {
        let start = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Duration.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let ended = try await RawClient.open(address, sending: RawClient.preface)
                    _ = try await within { await ended.wait() }
                    return ContinuousClock.now - start
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted()
        }
    }

    // MARK: Silence

    @Test func connectionWithoutARequestEnds() async throws {
        let (server, address) = try await startServer { $0.http2.firstRequestTimeout = .milliseconds(100) }
        let ended = try await RawClient.open(address, sending: RawClient.preface)
        #expect(try await within { await ended.wait() })
        await server.drain(grace: .zero)
    }

    @Test(arguments: [false, true]) func connectionWithoutAHandshakeEnds(isEncrypted: Bool) async throws {
        let files = try TestCertificates.shared.get()
        let (server, address) = try await startServer(tls: isEncrypted ? files.server("server") : nil) {
            $0.http2.handshakeTimeout = .milliseconds(100)
        }
        let ended = try await RawClient.open(address, sending: [])
        #expect(try await within { await ended.wait() })
        await server.drain(grace: .zero)
    }
}

/// A TCP connection that sends some bytes and waits for its end.
struct RawClient: Sendable {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + FramePeer.settings

    private let channel: any Channel

    static func open(_ address: ListenAddress, sending bytes: [UInt8]) async throws -> RawClient {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: address.tcp.host, port: address.tcp.port).get()
        // A server that has lost its patience meanwhile has closed already, which is what tests wait for.
        if !bytes.isEmpty { try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
        return RawClient(channel: channel)
    }

    /// Returns when the connection has ended.
    func wait() async -> Bool {
        (try? await channel.closeFuture.get()) != nil
    }
}
