import NIOCore

/// Joins an HTTP/2 connection to a NIO channel's socket: bytes in, bytes out, and the channel's life.
final class HTTP2ChannelHandler: ChannelInboundHandler, ByteTransport {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let connection: HTTP2Connection
    private let loopContext: LoopContext
    @safe @exclusivity(unchecked) private var channelContext: ChannelHandlerContext?
    @safe @exclusivity(unchecked) private var isInBurst = false
    @safe @exclusivity(unchecked) private var isStarted = false

    init(
        isServer: Bool,
        context: LoopContext,
        configuration: HTTP2Configuration,
        peer: PeerInfo,
        delegate: any HTTP2ConnectionDelegate
    ) {
        loopContext = context
        let holder = TransportHolder()
        connection = HTTP2Connection(
            isServer: isServer,
            context: context,
            configuration: configuration,
            peer: peer,
            transport: holder,
            delegate: delegate
        )
        connection.transport = self
    }

    /// Stands in for the handler until it can refer to itself.
    private final class TransportHolder: ByteTransport {
        var isWritable: Bool { false }
        func write(_ bytes: ByteBuffer) {}
        func close() {}
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        channelContext = context
        if context.channel.isActive { startOnce() }
    }

    func channelActive(context: ChannelHandlerContext) {
        startOnce()
        context.fireChannelActive()
    }

    private func startOnce() {
        guard !isStarted else { return }
        isStarted = true
        connection.updateTime()
        connection.start()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isInBurst {
            isInBurst = true
            loopContext.enterTurn()
            connection.updateTime()
        }
        connection.receive(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        endBurst()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { connection.transportBecameWritable() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let handshake = event as? TLSHandshakeCompleted { connection.peer.authenticate(handshake) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.transportClosed("the peer closed the connection")
        endBurst()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        channelContext = nil
        connection.transportClosed()
        endBurst()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let failure = ConnectFailure(error)
        connection.transportClosed(failure.message, cause: failure.cause)
        context.close(promise: nil)
    }

    private func endBurst() {
        guard isInBurst else { return }
        isInBurst = false
        loopContext.leaveTurn()
    }

    // MARK: Transport

    var isWritable: Bool { channelContext?.channel.isWritable ?? false }

    func write(_ bytes: ByteBuffer) {
        guard let channelContext else { return }
        channelContext.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func close() {
        guard let channelContext else { return }
        channelContext.close(promise: nil)
    }
}
