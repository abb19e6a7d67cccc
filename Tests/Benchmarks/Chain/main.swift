import Metrics
import ServiceKit
import Wire

/// Serves `datavault.bench.v1.EchoService` with all that a role of the suite puts before its handlers:
/// `wire-chain --port N --admin-port N [--threads N] [--tls-cert F --tls-key F]`.
///
/// The second port answers `/principal`, freshly signed, and `/metrics`.
let options = ChainOptions(CommandLine.arguments)
let registry = PrometheusRegistry()
// Before the server is made, which takes its metrics then.
MetricsSystem.bootstrap(registry)
let policy = ChainPolicy()
let loops = EventLoops(threads: options.threads)
let admin = try await AdminServer(
    .tcp(host: "127.0.0.1", port: options.adminPort),
    pages: [
        "/metrics": { _ in AdminServer.Answer(registry.exposition()) },
        "/principal": { _ in
            do {
                return AdminServer.Answer(Array(try policy.principal().utf8))
            } catch {
                return AdminServer.Answer(status: 500, Array("\(error)".utf8))
            }
        },
    ], eventLoops: loops)
let server = Server(services: [ChainHandler()], interceptors: policy.interceptors, eventLoops: loops)
let address = try await server.listen(.tcp(host: "127.0.0.1", port: options.port), tls: options.tls())
print("listening \(address)")
async let answers: Void = admin.run()
try await server.run()
try await answers
