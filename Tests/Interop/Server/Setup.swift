import InteropProtos
import InteropShared
import Wire

/// A server that takes connections. How Wire's servers are made and stopped is said here alone.
struct RunningServer {
    let server: Server
    let port: Int

    init(_ flags: Flags) async throws {
        var configuration = Server.Configuration(host: "127.0.0.1", port: try flags.int("port", otherwise: 0))
        if try flags.bool("use_tls") {
            configuration.tls = .server(
                certificateFile: try flags.required("tls_cert_file"),
                keyFile: try flags.required("tls_key_file")
            )
        }
        server = try Server(
            configuration: configuration,
            // test_health_reflection.py asks for both.
            handlers: [TestService()],
            healthService: true,
            reflectionService: true
        )
        port = try await server.start()
    }

    func stop() async throws {
        await server.shutdown(grace: .seconds(1))
    }
}
