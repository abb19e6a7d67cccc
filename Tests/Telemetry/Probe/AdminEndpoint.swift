import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceKit

/// `GET /metrics`, and what tests ask for: `/record`, `/burst/N`, `/series/N`.
enum AdminEndpoint {
    /// Listens on a free port of loopback; gives the port.
    static func listen(_ actions: ProbeActions) async throws -> Int {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(AdminHandler(actions: actions))
                }
            }
        let channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        return channel.localAddress?.port ?? 0
    }
}

private final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let actions: ProbeActions
    private var request: HTTPRequestHead?

    init(actions: ProbeActions) { self.actions = actions }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): request = head
        case .body: break
        case .end:
            guard let request else { return }
            let (type, body) = answer(request)
            var headers = HTTPHeaders([("content-type", type), ("content-length", "\(body.count)")])
            if !request.isKeepAlive { headers.add(name: "connection", value: "close") }
            let head = HTTPResponseHead(version: request.version, status: .ok, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    private func answer(_ request: HTTPRequestHead) -> (type: String, body: [UInt8]) {
        let parts = request.uri.split(separator: "/")
        let count = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        var text = "done\n"
        switch parts.first {
        case "metrics":
            let format = ExpositionFormat(accept: request.headers.first(name: "accept"))
            return (format.contentType, actions.telemetry.registry?.exposition(format) ?? [])
        case "record": actions.record()
        case "burst": text = "\(actions.burst(count))\n"
        case "series": actions.series(count)
        default: text = "unknown\n"
        }
        return ("text/plain", Array(text.utf8))
    }
}
