public import NIOCore

/// TLS on a NIO channel: libssl between two `ByteBuffer` streams, for clients and servers.
///
/// Fires ``TLSHandshakeCompleted`` as a user event before the first byte, and errors as ``TLSError``, after which it
/// closes the channel. Writes before the handshake's end wait for it, up to a bound. A close sends close_notify; a
/// transport that ends without the peer's is ``TLSError/Code/truncated``. The handshake has no time limit here.
///
/// It calls OpenSSL only in ``TLSSession``, which calls nobody back: whatever a neighbour does inside an event (write,
/// flush, close, remove this handler) never meets OpenSSL half way.
public final class TLSHandler: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    /// Plaintext held before the handshake is done; beyond it the connection fails.
    static let handshakeBufferLimit = 4 << 20
    /// Output that reading may cause (replies to KeyUpdate) while the peer does not take what we send.
    static let unsolicitedOutputLimit = 64 << 10
    /// How long close_notify may wait for a peer that does not read.
    static let closeTimeout = TimeAmount.seconds(2)

    /// A close that is waiting for its close_notify.
    struct PendingClose {
        let mode: CloseMode
        let promise: EventLoopPromise<Void>?
    }

    /// What the handshake settled; nil before its end.
    public internal(set) var handshake: TLSHandshakeCompleted?

    /// Nil once the handler has left its pipeline.
    var session: TLSSession?
    var lifecycle = TLSLifecycle()
    var queue = TLSOutboundQueue()
    var pendingClose: PendingClose?
    /// Between channelRead and the end of channelReadComplete flushes wait, so that a burst leaves as one.
    var inReadBurst = false
    var pumping = false
    var pumpAgain = false
    /// The socket's own error came by: the end that follows is no news.
    private var transportFailed = false
    private var deliveredInBurst = false
    private var unsolicitedOutput = 0
    /// The last plaintext buffer of a burst, filled again if nobody kept it.
    private var spare: ByteBuffer?

    /// A server's side of one connection.
    public init(server context: TLSContext) throws(TLSError) {
        guard context.role == .server else { throw TLSError(.invalidConfiguration, "the context is a client's") }
        let uris = context.configuration.expectedPeerURIs
        session = try TLSSession(context: context, serverName: nil, expectation: uris.isEmpty ? .anyone : .uris(uris))
    }

    /// A client's side of one connection.
    ///
    /// - Parameters:
    ///   - serverName: The name or address dialled, if not the configuration's.
    ///   - expectedPeerURIs: URIs that the server must hold one of, if not the configuration's.
    public init(
        client context: TLSContext,
        serverName: String? = nil,
        expectedPeerURIs: [String]? = nil
    ) throws(TLSError) {
        guard context.role == .client else { throw TLSError(.invalidConfiguration, "the context is a server's") }
        let name = serverName ?? context.configuration.serverName
        let uris = expectedPeerURIs ?? context.configuration.expectedPeerURIs
        let expectation = try PeerExpectation.client(serverName: name, uris: uris)
        session = try TLSSession(context: context, serverName: name, expectation: expectation)
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        session = nil
        _ = lifecycle.fail()
        failWrites(TLSError(.closed, "the TLS handler was removed"))
    }

    public func channelActive(context: ChannelHandlerContext) {
        // First, as the handshake may close the channel: the others must see active before inactive.
        context.fireChannelActive()
        start(context)
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inReadBurst = true
        guard let session, lifecycle.phase != .closed else { return }
        session.feed(unwrapInboundIn(data))
        if lifecycle.start() || lifecycle.phase == .handshaking { continueHandshake(context, session) }
        if lifecycle.canRead { deliver(context, session) }
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        let delivered = deliveredInBurst
        deliveredInBurst = false
        spare = nil
        context.fireChannelReadComplete()
        inReadBurst = false
        guard let session, lifecycle.phase != .closed else { return }
        if lifecycle.phase == .open && !context.channel.isWritable {
            unsolicitedOutput += session.outputBytes
            guard unsolicitedOutput <= Self.unsolicitedOutputLimit else {
                return fail(context, TLSError(.bufferLimit, "the peer provokes output and does not read it"))
            }
        }
        pump(context)
        // The read that brought this burst gave nobody anything: it is still owed.
        if !delivered && lifecycle.phase != .closed { context.read() }
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { unsolicitedOutput = 0 }
        context.fireChannelWritabilityChanged()
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else { return context.fireUserInboundEventTriggered(event) }
        // After close_notify it was announced already.
        if lifecycle.inputClosed { return }
        end(context)
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        transportFailed = transportFailed || error is IOError
        context.fireErrorCaught(error)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        end(context)
        inReadBurst = false
        pendingClose?.promise?.succeed()
        pendingClose = nil
        failWrites(TLSError(.closed, "the connection closed"))
        context.fireChannelInactive()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard let session, lifecycle.start() else { return }
        continueHandshake(context, session)
        pump(context)
    }

    private func continueHandshake(_ context: ChannelHandlerContext, _ session: TLSSession) {
        switch session.handshake() {
        case .needsBytes: return
        case .failed(let error): fail(context, error)
        case .done:
            let result = session.describeHandshake()
            if result.alpn == nil && session.context.configuration.requiresALPN {
                session.sendCloseNotify()
                return fail(context, TLSError(.noApplicationProtocol, "the peer chose no application protocol"))
            }
            handshake = result
            lifecycle.handshakeDone()
            context.fireUserInboundEventTriggered(result)
        }
    }

    private func deliver(_ context: ChannelHandlerContext, _ session: TLSSession) {
        var plaintext = spare ?? ByteBuffer()
        spare = nil
        plaintext.clear()
        let outcome = session.read(into: &plaintext)
        if plaintext.readableBytes > 0 {
            deliveredInBurst = true
            spare = plaintext
            context.fireChannelRead(wrapInboundOut(plaintext))
        }
        // The neighbours may have closed or removed us meanwhile: the life cycle knows.
        switch outcome {
        case .needsBytes: return
        case .failed(let error): fail(context, error)
        case .closed:
            let option = try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)
            switch lifecycle.peerSentCloseNotify(halfClosureAllowed: option ?? false) {
            case .ignore: return
            case .announceHalfClosure: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            case .close: close(context: context, mode: .all, promise: nil)
            }
        }
    }

    /// The transport has ended for input.
    private func end(_ context: ChannelHandlerContext) {
        let error: TLSError
        switch lifecycle.transportEnded() {
        case .clean: return
        case .handshakeInterrupted:
            error = TLSError(.closedDuringHandshake, "the peer closed the connection during the handshake")
        case .truncated: error = TLSError(.truncated, "the connection ended without close_notify")
        }
        report(context, transportFailed ? nil : error, writes: error)
    }
}
