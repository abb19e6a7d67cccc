import NIOCore
import NIOEmbedded

@testable import Wire

/// Keeps what a pipeline's end sees.
final class TLSRecorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    var received = ByteBuffer()
    var reads = 0
    var handshake: TLSHandshakeCompleted?
    var errors: [any Error] = []
    var inputClosed = false
    var inactive = false
    /// Runs inside channelRead, to do there what a handler may.
    var onRead: ((ChannelHandlerContext, ByteBuffer) -> Void)?

    var tlsErrors: [TLSError] { errors.compactMap { $0 as? TLSError } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        reads += 1
        let copy = buffer
        received.writeBuffer(&buffer)
        onRead?(context, copy)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSHandshakeCompleted { handshake = event }
        if case .inputClosed? = event as? ChannelEvent { inputClosed = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        errors.append(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        inactive = true
    }
}

/// A client and a server in memory, whose bytes the test carries.
final class TLSPair {
    let client = EmbeddedChannel()
    let server = EmbeddedChannel()
    let clientEnd = TLSRecorder()
    let serverEnd = TLSRecorder()
    /// Sizes of the writes that reached each transport.
    private(set) var clientWrites: [Int] = []
    private(set) var serverWrites: [Int] = []

    init(client clientTLS: TLSHandler, server serverTLS: TLSHandler) throws {
        try client.pipeline.syncOperations.addHandlers([clientTLS, clientEnd])
        try server.pipeline.syncOperations.addHandlers([serverTLS, serverEnd])
    }

    convenience init(client: TLSContext, server: TLSContext, serverName: String? = nil) throws {
        try self.init(
            client: TLSHandler(client: client, serverName: serverName), server: TLSHandler(server: server))
    }

    /// Connects both and carries bytes until there are none.
    @discardableResult
    func connect(chunk: Int = .max) throws -> TLSPair {
        try server.connect(to: SocketAddress(unixDomainSocketPath: "/pair")).wait()
        try client.connect(to: SocketAddress(unixDomainSocketPath: "/pair")).wait()
        try carry(chunk: chunk)
        return self
    }

    /// Carries bytes both ways, `chunk` at a time, until none are left; closes either side when the other has.
    func carry(chunk: Int = .max) throws {
        var moved = true
        while moved {
            moved = try move(client, server, chunk) { clientWrites.append($0) }
            moved = try move(server, client, chunk) { serverWrites.append($0) } || moved
        }
        if !client.isActive && server.isActive { server.pipeline.fireChannelInactive() }
        if !server.isActive && client.isActive { client.pipeline.fireChannelInactive() }
    }

    private func move(
        _ from: EmbeddedChannel, _ to: EmbeddedChannel, _ chunk: Int, _ count: (Int) -> Void
    ) throws -> Bool {
        var moved = false
        while var bytes = try from.readOutbound(as: ByteBuffer.self) {
            moved = true
            count(bytes.readableBytes)
            while let part = bytes.readSlice(length: min(chunk, bytes.readableBytes)), part.readableBytes > 0 {
                // Errors are recorded at the pipeline's end.
                if to.isActive { try to.writeInbound(part) }
            }
        }
        from.embeddedEventLoop.run()
        return moved
    }

    /// Ends the channels, so that handlers are removed.
    func finish() {
        _ = try? client.finish(acceptAlreadyClosed: true)
        _ = try? server.finish(acceptAlreadyClosed: true)
    }
}
