import EchoProtos
import Wire

/// Calls `echo.EchoService` in a closed loop and prints one line of JSON:
/// `wire-echo-client --port N --seconds S --connections C --concurrency M [--stream COUNT]`.
let options = ClientOptions(CommandLine.arguments)
let loops = EventLoops(threads: 1)
let report = try await EchoLoad(options: options, loops: loops).run()
print(report)
