import Logging
import NIOCore
import NIOEmbedded

@testable import Wire

/// Bytes from a server into a client with open calls: streams 1 to 7, a unary call, a server-streaming one, and two that
/// go on sending.
final class ClientFuzzing {
    private let embedded = EmbeddedEventLoop()
    private let context: LoopContext
    private let pool: ConnectionPool
    private let opening: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]

    private final class Delegate: HTTP2ConnectionDelegate {
        var isClosed = false
        func makeStream(on connection: HTTP2Connection) -> HTTP2Stream? { nil }
        func settingsReceived(on connection: HTTP2Connection) {}
        func goAwayReceived(on connection: HTTP2Connection) { connection.beginDrain(grace: .seconds(1)) }
        func abused(_ kind: AbuseKind, on connection: HTTP2Connection) {}
        func streamEnded(on connection: HTTP2Connection) {}
        func connectionClosed(_ connection: HTTP2Connection, _ error: HTTP2Error?) { isClosed = true }
    }

    init() {
        context = LoopContext(loop: embedded)
        // Nothing is ever connected: the calls need a pool only to count them.
        let configuration = ChannelConfiguration()
        let connector = Connector(configuration: configuration, eventLoops: .shared, tls: nil, serverName: "")
        pool = ConnectionPool(
            configuration: configuration, connector: connector, resolver: Resolver(.dns(host: "localhost", port: 1)),
            eventLoops: .shared, logger: Logger(label: "fuzz"))
    }

    func run(_ input: [UInt8]) {
        let transport = FuzzTransport(isServer: false)
        let delegate = Delegate()
        var configuration = HTTP2Configuration()
        configuration.maxHeaderListSize = 4096
        configuration.maxHeaderCount = 32
        let connection = HTTP2Connection(
            isServer: false, context: context, configuration: configuration,
            peer: PeerInfo(transport: .inProcess), transport: transport, delegate: delegate)
        let managed = ManagedConnection(
            context: context, endpoint: Endpoint(.unix("")), pool: pool, isEncrypted: false)
        connection.start()
        let calls = [
            open("Say", .unary, on: connection, managed), open("Stream", .serverStreaming, on: connection, managed),
            open("Upload", .clientStreaming, on: connection, managed),
            open("Chat", .bidirectional, on: connection, managed),
        ].compactMap { $0 }
        embedded.run()
        connection.deliver(Delivery(input), after: opening, over: transport, on: embedded) {
            for call in calls { read(call) }
        }
        for call in calls {
            read(call)
            precondition(call.outcome != nil, "a call has outlived its connection")
            if case .failure(let error) = call.outcome { _ = "\(error)" }
            for field in call.responseTrailers { precondition(!field.name.hasPrefix(":"), "a pseudo-header got out") }
        }
        precondition(delegate.isClosed, "the connection's end was not told")
    }

    private func open(
        _ name: String, _ kind: MethodKind, on connection: HTTP2Connection, _ managed: ManagedConnection
    ) -> ClientCall? {
        let call = ClientCall(context: context)
        call.prepare(
            method: MethodDescriptor(service: "echo.EchoService", name: name, kind: kind),
            lease: ConnectionLease(connection: managed), maxMessageSize: 64 * 1024, compression: .gzip, pool: .shared)
        call.waitsForEnd = kind == .unary
        let head = RequestHead(channel: ChannelHead(authority: "fuzz", userAgent: "fuzz", isEncrypted: false))
        do {
            try call.open(on: connection, head: head, deadline: .distantFuture)
            _ = try call.append(EncodedMessage("request".utf8))
        } catch {
            preconditionFailure("a new connection takes no calls: \(error)")
        }
        if kind == .unary || kind == .serverStreaming { call.endRequest() }
        return call
    }

    private func read(_ call: ClientCall) {
        if call.waitsForEnd && call.outcome == nil { return }
        // A message that cannot be read has ended its call.
        while (try? unsafe call.takeMessage({ _ in })) == true {}
    }
}
