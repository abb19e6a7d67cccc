import NIOCore
import NIOEmbedded
import Synchronization

@testable import Wire

/// Bytes from a client into a server with one method of each kind. Connections come one after another, so that call
/// objects and workers are used again as in a server's long life.
final class ServerFuzzing {
    private let embedded = EmbeddedEventLoop()
    private let context: LoopContext
    private let core: ServerCore
    private let loop: ServerLoop
    private let opening: [UInt8] = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

    init() {
        var configuration = ServerConfiguration()
        configuration.isTraced = false
        configuration.http2.maxConcurrentStreams = 16
        configuration.http2.maxHeaderListSize = 4096
        configuration.http2.maxHeaderCount = 32
        configuration.http2.maxBufferedOutput = 4096
        configuration.http2.maxGatheredBytes = 8192
        configuration.maxRequestMessageSize = 64 * 1024
        core = ServerCore(router: Self.router, interceptors: [], configuration: configuration)
        context = LoopContext(loop: embedded)
        loop = ServerLoop(core: core, context: context)
    }

    /// The methods that the captures call.
    private static var router: Router {
        var router = Router()
        func method(_ name: String, _ kind: MethodKind, _ invoke: @escaping Router.Invocation) {
            router.method(MethodDescriptor(service: "echo.EchoService", name: name, kind: kind), invoke)
        }
        method("Say", .unary) { context in
            let request = try await context.singleRequestBytes()
            context.responseTrailers = context.metadata
            context.compression = .gzip
            try await context.write(bytes: request)
        }
        method("Stream", .serverStreaming) { context in
            let request = try await context.singleRequestBytes()
            for _ in 0..<100 { try await context.write(bytes: request) }
        }
        method("Upload", .clientStreaming) { context in
            var size = 0
            while let bytes = try await context.nextRequestBytes() { size += bytes.count }
            try await context.write(bytes: Array("\(size)".utf8))
        }
        method("Chat", .bidirectional) { context in
            while let bytes = try await context.nextRequestBytes() { try await context.write(bytes: bytes) }
        }
        return router
    }

    func run(_ input: [UInt8]) {
        let transport = FuzzTransport(isServer: true)
        let connection = HTTP2Connection(
            isServer: true, context: context, configuration: core.configuration.http2,
            peer: PeerInfo(transport: .inProcess), transport: transport, delegate: loop)
        loop.add(connection)
        connection.start()
        connection.deliver(Delivery(input), after: opening, over: transport, on: embedded)
        let running = core.callsInFlight.load(ordering: .relaxed)
        precondition(running == 0, "\(running) calls have outlived their connection")
        precondition(connection.orphanedCalls == 0, "calls have ended and are still counted")
    }
}
