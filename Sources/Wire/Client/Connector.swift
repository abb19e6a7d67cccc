import NIOCore
import NIOPosix
import Synchronization

/// Makes a channel's connections.
final class Connector: Sendable {
    private let configuration: ChannelConfiguration
    private let eventLoops: EventLoops
    private let tls: (any TLSContextSource)?
    private let serverName: String
    private let nextLoop = Atomic<Int>(0)

    init(
        configuration: ChannelConfiguration,
        eventLoops: EventLoops,
        tls: (any TLSContextSource)?,
        serverName: String
    ) {
        self.configuration = configuration
        self.eventLoops = eventLoops
        self.tls = tls
        self.serverName = serverName
    }

    var isEncrypted: Bool { tls != nil }

    /// The loop for a new connection: the caller's if it is one of ours and free of one, else the next in turn.
    func context(for endpoint: Endpoint, connections: Int) -> LoopContext {
        var contexts = eventLoops.contexts
        if case .inProcess(let server, _) = endpoint.kind { contexts = server.loops.map(\.context) }
        if connections == 0, let current = contexts.first(where: \.inLoop) { return current }
        return contexts[nextLoop.add(1, ordering: .relaxed).newValue % contexts.count]
    }

    /// Connects; the pool is told of success by SETTINGS, of failure by `closed`.
    func connect(_ connection: ManagedConnection, to endpoint: Endpoint) {
        switch endpoint.kind {
        case .inProcess(let server, let uriNames):
            connection.context.run { InProcessTransport.connect(connection, to: server, uriNames: uriNames) }
        case .tcp(let address):
            finish(connection, bootstrap(connection, isTCP: true).connect(host: address.host, port: address.port))
        case .unix(let path):
            finish(connection, bootstrap(connection, isTCP: false).connect(unixDomainSocketPath: path))
        }
    }

    private func bootstrap(_ connection: ManagedConnection, isTCP: Bool) -> ClientBootstrap {
        let bootstrap = ClientBootstrap(group: connection.context.loop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.maxMessagesPerRead, value: 4)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = HTTP2ChannelHandler(
                        isServer: false,
                        context: connection.context,
                        configuration: self.connectionConfiguration,
                        peer: PeerInfo(transport: isTCP ? .tcp : .unixSocket),
                        delegate: connection
                    )
                    connection.attach(handler.connection, channel)
                    if let tls = self.tls {
                        let encryption = try TLSHandler(client: tls.current, serverName: self.serverName)
                        try channel.pipeline.syncOperations.addHandler(encryption)
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        return isTCP ? bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1) : bootstrap
    }

    private var connectionConfiguration: HTTP2Configuration {
        var http2 = configuration.http2
        http2.handshakeTimeout = configuration.connectTimeout
        return http2
    }

    private func finish(_ connection: ManagedConnection, _ future: EventLoopFuture<any Channel>) {
        future.whenFailure { error in
            let failure = ConnectFailure(error)
            connection.http2?.transportClosed(failure.message)
            connection.context.run { connection.detach() }
            connection.pool.closed(
                connection, RPCError(code: .unavailable, message: failure.message, cause: failure.cause))
        }
    }
}
