import NIOCore

/// Joins a client's and a server's connection in one process: what one writes, the other receives in the loop's next
/// turn. Both are whole HTTP/2 connections, so that flow control, deadlines and cancellation are the same as over a
/// socket.
final class InProcessTransport: ByteTransport {
    private let context: LoopContext
    private var connection: HTTP2Connection?
    private var peer: InProcessTransport?
    /// Bytes on their way to the peer.
    private var inFlight = 0

    /// As much as a socket's buffers would take.
    private static let maxInFlight = 256 * 1024

    private init(context: LoopContext) { self.context = context }

    /// On the connection's loop.
    static func connect(_ client: ManagedConnection, to server: Server, uriNames: [String]) {
        let context = client.context
        guard let loop = server.loops.first(where: { $0.context === context }), !server.isEnding else {
            let error = RPCError(code: .unavailable, message: "the server in this process has ended")
            client.pool.closed(client, error)
            return
        }
        let near = InProcessTransport(context: context)
        let far = InProcessTransport(context: context)
        let clientConnection = HTTP2Connection(
            isServer: false, context: context, configuration: client.pool.configuration.http2,
            peer: PeerInfo(transport: .inProcess), transport: near, delegate: client)
        let serverConnection = HTTP2Connection(
            isServer: true, context: context, configuration: server.configuration.http2,
            peer: PeerInfo(transport: .inProcess, uriNames: uriNames), transport: far, delegate: loop)
        near.connection = clientConnection
        near.peer = far
        far.connection = serverConnection
        far.peer = near
        // Transports are held weakly by connections, so each side's owner holds it through its peer.
        client.attach(clientConnection)
        loop.add(serverConnection)
        clientConnection.start()
        serverConnection.start()
    }

    var isWritable: Bool { peer != nil && inFlight < Self.maxInFlight }

    func write(_ bytes: ByteBuffer) {
        guard let peer else { return }
        inFlight += bytes.readableBytes
        deliver(bytes, to: peer)
    }

    // A turn of its own: the peer must not run inside this side's nghttp2.
    private func deliver(_ bytes: ByteBuffer, to peer: InProcessTransport) {
        context.afterTurn {
            let wasFull = !self.isWritable
            self.inFlight -= bytes.readableBytes
            peer.connection?.updateTime()
            peer.connection?.receive(bytes)
            if wasFull, self.isWritable { self.connection?.transportBecameWritable() }
        }
    }

    func close() {
        guard let peer else { return }
        self.peer = nil
        let connection = self.connection
        self.connection = nil
        context.afterTurn {
            _ = connection
            peer.peerClosed()
        }
    }

    private func peerClosed() {
        peer = nil
        let connection = self.connection
        self.connection = nil
        connection?.transportClosed("the peer closed the connection")
    }
}
