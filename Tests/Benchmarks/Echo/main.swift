import EchoProtos
import Wire

/// Serves `echo.EchoService`: `wire-echo --port N [--threads N] [--tls-cert F --tls-key F]`.
let options = EchoOptions(CommandLine.arguments)
let loops = EventLoops(threads: options.threads)
let server = Server(services: [EchoHandler()], configuration: options.configuration, eventLoops: loops)
let address = try await server.listen(.tcp(host: "127.0.0.1", port: options.port), tls: options.tls())
print("listening \(address)")
try await server.run()
