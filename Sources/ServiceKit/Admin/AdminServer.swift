public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
public import ServiceLifecycle
public import Wire

/// The port for operators and their tools: HTTP/1.1, `GET` only, no secrets, for trusted networks.
///
/// - `/livez`: 200 while the process answers.
/// - `/readyz`: 200 or 503, with what is missing.
/// - `/metrics`: Prometheus' text format.
public final class AdminServer: Service, Sendable {
    /// Bounds of the port.
    public struct Configuration: Sendable {
        /// Connections at once; more are closed.
        public var maximumConnections = 64
        /// From a connection's last sign of life to its end.
        public var idleTimeout: Duration = .seconds(30)

        /// The defaults.
        public init() {}
    }

    /// What a path answers.
    public struct Answer: Sendable {
        /// The HTTP status.
        public var status: Int
        /// The media type.
        public var contentType: String
        /// The body.
        public var body: [UInt8]

        /// Puts an answer together.
        public init(status: Int = 200, contentType: String = "text/plain; charset=utf-8", _ body: [UInt8]) {
            (self.status, self.contentType, self.body) = (status, contentType, body)
        }
    }

    /// Answers a path; the parameter is the request's `accept` header.
    public typealias Page = @Sendable (_ accept: String) -> Answer

    private let listener: any Channel
    private let children: ChannelGroup
    private let logger: Logger
    /// Where it listens, with the port that the system chose.
    public let address: ListenAddress

    /// Opens the port.
    ///
    /// - Throws: NIO's error if the address cannot be bound.
    public init(
        _ address: ListenAddress, pages: [String: Page], configuration: Configuration = Configuration(),
        eventLoops: EventLoops = .shared, logger: Logger = Logger(label: "datavault.admin")
    ) async throws {
        let children = ChannelGroup(limit: configuration.maximumConnections)
        let idle = TimeAmount.nanoseconds(configuration.idleTimeout.nanoseconds)
        let bootstrap = ServerBootstrap(group: eventLoops.eventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try children.add(channel)
                    try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: idle))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(AdminHandler(pages: pages))
                }
            }
        var bound = address
        switch address {
        case .tcp(let host, let port):
            listener = try await bootstrap.bind(host: host, port: port).get()
            bound = .tcp(host: host, port: listener.localAddress?.port ?? port)
        case .unix(let path):
            listener = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        }
        (self.children, self.logger, self.address) = (children, logger, bound)
        logger.info("listening", metadata: ["address": "\(bound)"])
    }

    /// Answers until its task is cancelled or the group shuts down.
    public func run() async throws {
        let listener = listener
        try? await withTaskCancellationOrGracefulShutdownHandler {
            try await listener.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            listener.close(promise: nil)
        }
        children.closeAll()
    }

    /// The pages that every role has.
    ///
    /// - Parameter metrics: Writes all metrics, in the format that the `accept` header asks for.
    public static func pages(readiness: Readiness, metrics: @escaping Page) -> [String: Page] {
        [
            "/livez": { _ in Answer(Array("ok\n".utf8)) },
            "/readyz": { _ in
                let findings = readiness.findings
                let isReady = readiness.isReady
                var text = isReady ? "ready\n" : "not ready\n"
                for finding in findings { text += "\(finding.name): \(finding.problem ?? "ok")\n" }
                return Answer(status: isReady ? 200 : 503, Array(text.utf8))
            },
            "/metrics": metrics,
        ]
    }
}
