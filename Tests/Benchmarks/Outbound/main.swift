import Foundation
import Glibc
import Outbound

// Usage: outbound-bench URL SECONDS CONCURRENCY. Prints a line of JSON: requests a second, and CPU time a request.

let arguments = CommandLine.arguments
guard arguments.count == 4, let seconds = Double(arguments[2]), let concurrency = Int(arguments[3]) else {
    fatalError("usage: outbound-bench URL SECONDS CONCURRENCY")
}
var configuration = OutboundConfiguration(userAgent: "outbound-bench/1")
configuration.addressGuard.allowedAddresses = ["127.0.0.1"].compactMap(AddressRange.init)
configuration.connections.maximumPerHost = concurrency
let client = try OutboundClient(configuration)
let request = try OutboundRequest(.get, arguments[1])

/// CPU time of this process in seconds.
func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

func run(for seconds: Double) async throws -> Int {
    let end = ContinuousClock.now + .seconds(seconds)
    return try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<concurrency {
            group.addTask {
                var count = 0
                while ContinuousClock.now < end {
                    let response = try await client.fetch(request)
                    precondition(response.status == 200)
                    count += 1
                }
                return count
            }
        }
        return try await group.reduce(0, +)
    }
}

_ = try await run(for: min(1, seconds))
let (start, before) = (ContinuousClock.now, cpuSeconds())
let count = try await run(for: seconds)
let elapsed = (ContinuousClock.now - start) / .seconds(1)
let line: [String: Double] = [
    "requests": Double(count), "perSecond": Double(count) / elapsed,
    "cpuMicroseconds": (cpuSeconds() - before) / Double(count) * 1e6,
]
print(String(decoding: try JSONEncoder().encode(line), as: UTF8.self))
await client.shutDown()
