import InteropShared
import UnixSignals

/// gRPC's interop server on Wire. Prints `listening N` once port N of the loopback interface takes connections, and
/// ends on SIGTERM.
@main
enum InteropServer {
    static func main() async {
        do {
            let flags = try Flags(CommandLine.arguments.dropFirst())
            // Before the port is told: who knows the port may also stop the server.
            let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
            let running = try await RunningServer(flags)
            writeLine("listening \(running.port)")
            for await _ in signals { break }
            await running.stop()
        } catch {
            fail("wire-interop-server: \(error)")
        }
    }
}
