import EchoProtos
import Metrics
import ServiceKit
import Wire

/// The echo of the other benchmarks, with telemetry.
enum EchoServer {
    private struct Handler: Echo_EchoService.Handler {
        func say(_ request: Echo_Echo, context: ServerContext) async throws -> Echo_Echo {
            var reply = Echo_Echo()
            reply.text = request.text
            return reply
        }

        func stream(
            _ request: Echo_StreamReq, responses: ResponseWriter<Echo_Echo>, context: ServerContext
        ) async throws {}
    }

    static func run(port: String, metrics: String, ratio: String) async throws {
        var tracing: TracingConfiguration?
        if let ratio = Double(ratio) {
            // Nobody listens there: what is sampled fills the queue and is dropped.
            tracing = TracingConfiguration(endpoint: OTLPEndpoint(host: "127.0.0.1", port: 1, isEncrypted: false))
            tracing?.sampledRatio = ratio
        }
        _ = try Telemetry.bootstrap(
            metrics: metrics == "prometheus" ? MetricsConfiguration() : nil, tracing: tracing,
            resource: TelemetryResource(serviceName: "bench"))
        let server = Server(services: [Handler()], eventLoops: EventLoops(threads: 1))
        print("listening \(try await server.listen(.tcp(host: "127.0.0.1", port: Int(port) ?? 0)))")
        try await server.run()
    }
}
