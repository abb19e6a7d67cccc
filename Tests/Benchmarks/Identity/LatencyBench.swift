import Foundation
import IdentityContract
import IdentityService

/// What others wait for their answers while a flood of log-ins runs into the pool's bounds.
enum LatencyBench {
    private static let calls = 2_000
    private static let users = 64
    private static let clients = 400
    private static let pause: Duration = .milliseconds(2)

    static func run() async throws {
        var options = LoneSessions.Options()
        options.queue = 64
        try await Installation.run(users: users, options: options) { installation in
            let idle = try await measure(installation)
            let flood = Task { await installation.flood(clients: clients, users: users, for: .seconds(60)) }
            try await Task.sleep(for: .seconds(1))
            let busy = try await measure(installation)
            flood.cancel()
            print("| another call (GetTokenKeys), µs | median | 99 % | longest |\n|---|---:|---:|---:|")
            line("nothing else", idle)
            line("\(clients) clients log in without a pause", busy)
            print("")
        }
    }

    private static func line(_ name: String, _ values: [Double]) {
        let (median, high) = (Figures.percentile(values, 0.5), Figures.percentile(values, 0.99))
        print(
            "| \(name) | \(Figures.round(median, 0)) | \(Figures.round(high, 0)) | \(Figures.round(values.max() ?? .nan, 0)) |"
        )
    }

    private static func measure(_ installation: Installation) async throws -> [Double] {
        var values: [Double] = []
        for _ in 0..<calls {
            let start = ContinuousClock.now
            _ = try await installation.client.getTokenKeys(.init())
            values.append((ContinuousClock.now - start) / .microseconds(1))
            try await Task.sleep(for: pause)
        }
        return values
    }
}
