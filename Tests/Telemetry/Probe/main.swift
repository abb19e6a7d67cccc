import EchoProtos
import Foundation
import Logging
import ServiceKit
import ServiceLifecycle
import UnixSignals
import Wire

/// A server with metrics and traces: says where it listens, ends on SIGTERM.
///
///     telemetry-probe [--role NAME] [--upstream PORT] [--otlp URL [--otlp-header N=V] …] [--final-metrics FILE]
let options = try ProbeOptions(CommandLine.arguments)
let telemetry = try Telemetry.bootstrap(
    metrics: options.metrics, tracing: options.tracing,
    resource: TelemetryResource(
        serviceName: options.role, serviceInstanceID: "\(options.role)-1", serviceVersion: "1.2.3",
        attributes: ["deployment.environment.name": "test"]))
telemetry.registry?.describe(ProbeActions.descriptions)

let channel = options.upstream.map {
    ClientChannel(.addresses([ServerAddress(host: "127.0.0.1", port: $0)]))
}
let server = Server(services: [ProbeHandler(upstream: channel.map { Echo_EchoService.Client($0) })])
let address = try await server.listen(.tcp(host: "127.0.0.1", port: 0))
let adminPort = try await AdminEndpoint.listen(ProbeActions(telemetry: telemetry))

/// Speaks once signals are looked after, so that who reads it may end the process at once.
struct Announcement: Service {
    var text: String

    func run() async throws {
        print(text)
        fflush(nil)
        try await gracefulShutdown()
    }
}

var services: [any Service] = [telemetry]
if let channel { services.append(channel) }
services += [server, Announcement(text: "listening \(address) \(adminPort)")]
try await ServiceGroup(
    services: services, gracefulShutdownSignals: [.sigterm], logger: .init(label: "telemetry-probe")
).run()
if let file = options.finalMetrics, let registry = telemetry.registry {
    try Data(registry.exposition()).write(to: URL(fileURLWithPath: file))
}
