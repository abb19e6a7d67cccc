import GreeterProtos
import SwiftProtobuf
import Wire

struct Greeter: Greeter_GreeterService.Handler {
    func hello(_ request: Greeter_Name, context: ServerContext) async throws -> Greeter_Greeting {
        guard !request.name.isEmpty else {
            throw RPCError(code: .invalidArgument, message: "name is empty")
        }
        return .with { $0.text = "Hello, \(request.name)" }
    }
}

func serve() async throws {
    let health = HealthService(services: [Greeter_GreeterService.descriptor.name])
    let server = Server(services: [Greeter(), health])
    try await server.listen(.tcp(host: "127.0.0.1", port: 50051))
    try await server.run()  // drains when its task is cancelled or its ServiceGroup shuts down
}

func call() async throws {
    let channel = ClientChannel(.dns(host: "localhost", port: 50051))
    let greeter = Greeter_GreeterService.Client(channel)
    var options = CallOptions()
    options.timeout = .seconds(2)
    print(try await greeter.hello(.with { $0.name = "you" }, options: options).text)
}
