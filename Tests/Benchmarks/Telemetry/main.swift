import Foundation

/// `telemetry-bench micro` prints what single operations cost; `telemetry-bench serve PORT METRICS RATIO` serves the echo
/// benchmark with metrics (`none`, `prometheus`) and traces (`none`, or the share that is sampled).
let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
case "micro": try await Operations.measure()
case "serve" where words.count == 4: try await EchoServer.run(port: words[1], metrics: words[2], ratio: words[3])
default:
    print("usage: telemetry-bench micro | serve PORT METRICS RATIO")
    exit(2)
}
