import NIOCore
import NIOHTTP1

/// Answers one connection's requests.
final class AdminHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let pages: [String: AdminServer.Page]
    private var head: HTTPRequestHead?
    private var bodySize = 0

    /// Bytes of a body, which nobody needs here, before the connection is closed.
    private static let maximumBody = 64 << 10

    init(pages: [String: AdminServer.Page]) { self.pages = pages }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            bodySize = 0
        case .body(let bytes):
            bodySize += bytes.readableBytes
            if bodySize > Self.maximumBody { context.close(promise: nil) }
        case .end:
            guard let head else { return }
            self.head = nil
            write(answer(head), to: head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead) -> AdminServer.Answer {
        let path = head.uri.prefix { $0 != "?" }
        guard let page = pages[String(path)] else {
            let list = pages.keys.sorted().joined(separator: ", ")
            return AdminServer.Answer(status: 404, Array("there is nothing here; try \(list)\n".utf8))
        }
        guard head.method == .GET || head.method == .HEAD else {
            return AdminServer.Answer(status: 405, Array("only GET and HEAD\n".utf8))
        }
        return page(head.headers.first(name: "accept") ?? "")
    }

    private func write(_ answer: AdminServer.Answer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: request.version, status: HTTPResponseStatus(statusCode: answer.status))
        head.headers.add(name: "content-type", value: answer.contentType)
        head.headers.add(name: "content-length", value: "\(answer.body.count)")
        head.headers.add(name: "cache-control", value: "no-store")
        head.headers.add(name: "x-content-type-options", value: "nosniff")
        if answer.status == 405 { head.headers.add(name: "allow", value: "GET, HEAD") }
        if !request.isKeepAlive { head.headers.add(name: "connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
        }
        let isLast = !request.isKeepAlive
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { result in
            if case .success = result, !isLast { return }
            channel.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
