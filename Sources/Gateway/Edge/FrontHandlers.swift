import NIOCore
import Wire

/// Finds out which version of HTTP a connection speaks: by ALPN with TLS, by its first bytes without.
final class ProtocolSelector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// What clients of HTTP/2 begin with (RFC 9113, section 3.4). No request of HTTP/1.1 does: it is no method.
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let isEncrypted: Bool
    private let timeout: TimeAmount
    /// Sets the connection up.
    private let select: (_ isHTTP2: Bool) throws -> Void
    private var waiting: ByteBuffer?
    private var timer: Scheduled<Void>?
    private var isDecided = false

    init(isEncrypted: Bool, timeout: TimeAmount, select: @escaping (_ isHTTP2: Bool) throws -> Void) {
        (self.isEncrypted, self.timeout, self.select) = (isEncrypted, timeout, select)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let handshake = event as? TLSHandshakeCompleted, !isDecided {
            decide(context, isHTTP2: handshake.alpn == "h2")
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDecided else { return context.fireChannelRead(data) }
        guard !isEncrypted else { return }
        var bytes = unwrapInboundIn(data)
        if var before = waiting {
            before.writeBuffer(&bytes)
            bytes = before
        }
        waiting = bytes
        let start = bytes.readableBytesView.prefix(Self.preface.count)
        if !Self.preface.starts(with: start) {
            decide(context, isHTTP2: false)
        } else if start.count == Self.preface.count {
            decide(context, isHTTP2: true)
        }
    }

    private func decide(_ context: ChannelHandlerContext, isHTTP2: Bool) {
        isDecided = true
        timer?.cancel()
        do { try select(isHTTP2) } catch { return context.close(promise: nil) }
        if let bytes = waiting {
            waiting = nil
            context.fireChannelRead(wrapInboundOut(bytes))
            // The read's own end follows where this handler is still in the pipeline, or is gone from it.
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
