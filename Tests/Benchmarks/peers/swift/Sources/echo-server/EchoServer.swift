// echo-server PORT [CERT KEY]: grpc-swift-2 with its defaults.
import EchoGen
import GRPCCore
import GRPCNIOTransportHTTP2

struct Echo: Echo_EchoService.SimpleServiceProtocol {
    func say(request: Echo_Echo, context: ServerContext) async throws -> Echo_Echo {
        var reply = Echo_Echo()
        reply.text = request.text
        return reply
    }

    func stream(request: Echo_StreamReq, response: RPCWriter<Echo_Echo>, context: ServerContext) async throws {
        var reply = Echo_Echo()
        reply.text = request.text
        for _ in 0..<request.count { try await response.write(reply) }
    }
}

@main
struct Main {
    static func main() async throws {
        let arguments = CommandLine.arguments
        let port = arguments.dropFirst().first.flatMap { Int($0) } ?? 9005
        var security = HTTP2ServerTransport.Posix.TransportSecurity.plaintext
        if arguments.count > 3 {
            security = .tls(
                certificateChain: [.file(path: arguments[2], format: .pem)],
                privateKey: .file(path: arguments[3], format: .pem)
            )
        }
        let server = GRPCServer(
            transport: HTTP2ServerTransport.Posix(
                address: .ipv4(host: "127.0.0.1", port: port),
                transportSecurity: security
            ),
            services: [Echo()]
        )
        try await server.serve()
    }
}
