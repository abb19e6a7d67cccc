import EchoProtos
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Wire

/// Connections end of age, idleness and silence, and no call fails for it.
@Suite(.timeLimit(.minutes(1))) struct ConnectionAgeTests {
    /// The ports that calls came from during `duration`; any failure is thrown.
    private func callers(
        _ channel: ClientChannel, tasks: Int, pause: Duration = .zero, for duration: Duration
    ) async throws -> Set<String> {
        let end = ContinuousClock.now + duration
        return try await within(seconds: 40) {
            try await withThrowingTaskGroup(of: Set<String>.self) { group in
                for _ in 0..<tasks {
                    group.addTask {
                        var ports = Set<String>()
                        while ContinuousClock.now < end {
                            ports.insert(try await Echo_EchoService.Client(channel).say(Echo_Echo("")).text)
                            if pause > .zero { try await Task.sleep(for: pause) }
                        }
                        return ports
                    }
                }
                return try await group.reduce(into: []) { $0.formUnion($1) }
            }
        }
    }

    private let portEcho = ScriptedEcho(onSay: { _, context in Echo_Echo("\(context.peer.port)") })

    @Test(arguments: [false, true]) func agedConnectionsAreReplacedUnderLoad(isEncrypted: Bool) async throws {
        let files = try TestCertificates.shared.get()
        let (server, address) = try await startServer(
            portEcho, tls: isEncrypted ? files.server("server") : nil
        ) { $0.http2.maxAge = .milliseconds(200) }
        let channel = makeChannel(address.target, tls: isEncrypted ? try files.client() : nil)
        let ports = try await callers(channel, tasks: 6, for: .milliseconds(1500))
        #expect(ports.count >= 3, "\(ports.count) connections")
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func idleConnectionsEndBetweenCalls() async throws {
        let (server, address) = try await startServer(portEcho) { $0.http2.maxIdleTime = .milliseconds(40) }
        let channel = makeChannel(address.target)
        // About the idle time apart, so that calls meet connections which are just ending.
        let ports = try await callers(channel, tasks: 1, pause: .milliseconds(45), for: .milliseconds(2000))
        #expect(ports.count >= 3, "\(ports.count) connections")
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func clientEndsItsIdleConnectionsToo() async throws {
        let (server, address) = try await startServer(portEcho)
        let channel = makeChannel(address.target) { $0.http2.maxIdleTime = .milliseconds(40) }
        let ports = try await callers(channel, tasks: 1, pause: .milliseconds(45), for: .milliseconds(1000))
        #expect(ports.count >= 2, "\(ports.count) connections")
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    private final class Ends: Sendable {
        let all = Mutex<[ContinuousClock.Instant]>([])
    }

    @Test func agesVary() async throws {
        let (server, address) = try await startServer { configuration in
            configuration.http2.maxAge = .milliseconds(400)
            configuration.http2.jitter = 0.5
        }
        let ends = Ends()
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    let ended = try await RawClient.open(address, sending: RawClient.preface)
                    _ = try await within { await ended.wait() }
                    ends.all.withLock { $0.append(.now) }
                }
            }
            try await group.waitForAll()
        }
        let times = ends.all.withLock { $0.map { $0 - start } }.sorted()
        #expect(times.count == 12)
        let spread = times[11] - times[0]
        #expect(spread > .milliseconds(60), "\(times)")
        await server.drain(grace: .zero)
    }

    // MARK: Silence

    @Test func connectionWithoutARequestEnds() async throws {
        let (server, address) = try await startServer { $0.http2.firstRequestTimeout = .milliseconds(100) }
        let ended = try await RawClient.open(address, sending: RawClient.preface)
        #expect(try await within(seconds: 5) { await ended.wait() })
        await server.drain(grace: .zero)
    }

    @Test(arguments: [false, true]) func connectionWithoutAHandshakeEnds(isEncrypted: Bool) async throws {
        let files = try TestCertificates.shared.get()
        let (server, address) = try await startServer(tls: isEncrypted ? files.server("server") : nil) {
            $0.http2.handshakeTimeout = .milliseconds(100)
        }
        let ended = try await RawClient.open(address, sending: [])
        #expect(try await within(seconds: 5) { await ended.wait() })
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
        if !bytes.isEmpty { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
        return RawClient(channel: channel)
    }

    /// Returns when the connection has ended.
    func wait() async -> Bool {
        (try? await channel.closeFuture.get()) != nil
    }
}
