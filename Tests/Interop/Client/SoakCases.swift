import InteropShared
import Wire

@Sendable func rpcSoak(_ run: Run) async throws {
    let soak = try Soak(run.flags)
    try await soak { try await oneLargeUnary(run, soak.requestSize, soak.responseSize) }
}

@Sendable func channelSoak(_ run: Run) async throws {
    let soak = try Soak(run.flags)
    try await soak {
        try await withChannel(run.flags) { channel in
            try await oneLargeUnary(Run(flags: run.flags, channel: channel), soak.requestSize, soak.responseSize)
        }
    }
}

/// Calls over and over, under the limits of the suite's flags.
private struct Soak {
    let iterations: Int
    let maxFailures: Int
    let maxLatency: Duration
    let overallTimeout: Duration
    let interval: Duration
    let requestSize: Int
    let responseSize: Int

    init(_ flags: Flags) throws {
        iterations = try flags.int("soak_iterations", otherwise: 10)
        maxFailures = try flags.int("soak_max_failures", otherwise: 0)
        maxLatency = .milliseconds(try flags.int("soak_per_iteration_max_acceptable_latency_ms", otherwise: 1000))
        overallTimeout = .seconds(try flags.int("soak_overall_timeout_seconds", otherwise: 10))
        interval = .milliseconds(try flags.int("soak_min_time_ms_between_rpcs", otherwise: 0))
        requestSize = try flags.int("soak_request_size", otherwise: Sizes.largeRequest)
        responseSize = try flags.int("soak_response_size", otherwise: Sizes.largeResponse)
    }

    func callAsFunction(_ iterate: () async throws -> Void) async throws {
        let clock = ContinuousClock()
        let end = clock.now + overallTimeout
        var failures: [String] = []
        var done = 0
        while done < iterations, clock.now < end {
            let start = clock.now
            do {
                try await iterate()
                let latency = clock.now - start
                if latency > maxLatency { failures.append("iteration \(done) took \(latency)") }
            } catch {
                failures.append("iteration \(done): \(error)")
            }
            done += 1
            if clock.now < start + interval { try await clock.sleep(until: start + interval) }
        }
        try checkEqual(done, iterations, "iterations within the overall timeout")
        let first = failures.prefix(5).joined(separator: "; ")
        try check(failures.count <= maxFailures, "\(failures.count) iterations failed, first: \(first)")
    }
}
