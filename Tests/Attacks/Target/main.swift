import EchoProtos
import Metrics
import Wire

// `wire-attack-target [--tls-cert F --tls-key F] [--threads N] [--set key=value]…`: a server on a port of the system's
// choice, with limits as small as a test wants. Each line on its input is answered by a line with its counters.
let options = TargetOptions(CommandLine.arguments)
let counters = Counters()
MetricsSystem.bootstrap(counters)
let loops = EventLoops(threads: options.threads)
let server = Server(services: [TargetHandler()], configuration: options.configuration, eventLoops: loops)
guard case .tcp(_, let port) = try await server.listen(.tcp(host: "127.0.0.1", port: 0), tls: options.tls()) else {
    fatalError("no TCP address")
}
print("listening \(port)")
flushOutput()

// Blocks one thread of the pool, which serves nothing here: calls run on the event loops.
Task.detached {
    while readLine() != nil {
        print(counters.text(callsInFlight: server.callsInFlight))
        flushOutput()
    }
    exitNow()
}
try await server.run()
