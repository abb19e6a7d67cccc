import InteropProtos
import InteropShared
import NIOCore
import Wire

/// A server that takes connections. How Wire's servers are made and stopped is said here alone.
struct RunningServer {
    let server: Server
    let port: Int

    init(_ flags: Flags) async throws {
        let name = Grpc_Testing_TestService.descriptor.name
        server = Server(
            services: [
                TestService(),
                // test_health_reflection.py asks for both.
                HealthService(services: [name]),
                try ReflectionService(
                    base64DescriptorSet: TestingDescriptors.base64, services: [name, "grpc.health.v1.Health"]),
            ]
        )
        var tls: TLSContext?
        if try flags.bool("use_tls") {
            let identity = TLSConfiguration.Identity(
                certificateChainFile: try flags.required("tls_cert_file"),
                privateKeyFile: try flags.required("tls_key_file")
            )
            tls = try TLSContext(configuration: TLSConfiguration(identities: [identity]), role: .server)
        }
        let address = ListenAddress.tcp(host: "127.0.0.1", port: try flags.int("port", otherwise: 0))
        guard case .tcp(_, let bound) = try await server.listen(address, tls: tls) else { fatalError("no TCP address") }
        port = bound
    }

    func stop() async { await server.drain(grace: .seconds(1)) }
}
