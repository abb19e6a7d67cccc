import EchoProtos
import Synchronization
import Wire

#if canImport(Glibc)
    import Glibc
#endif

/// A closed loop: each of `concurrency` tasks makes its next call when its last one has ended.
struct EchoLoad {
    let options: ClientOptions
    let loops: EventLoops

    /// What one task has seen.
    private struct Tally: Sendable {
        var calls = 0
        var messages = 0
        var microseconds: [UInt32] = []
    }

    func run() async throws -> String {
        // One channel a connection, so that the number of connections is the one asked for.
        var configuration = ChannelConfiguration()
        configuration.maxConnectionsPerAddress = 1
        configuration.metricsPrefix = nil
        let channels = (0..<options.connections).map { _ in
            ClientChannel(
                .addresses([ServerAddress(host: "127.0.0.1", port: options.port)]),
                configuration: configuration,
                eventLoops: loops
            )
        }
        for channel in channels { try await warmUp(channel) }
        let processorBefore = Self.processorSeconds()
        let start = ContinuousClock.now
        let end = start + .seconds(options.seconds)
        let total = try await withThrowingTaskGroup(of: Tally.self) { group in
            for index in 0..<options.concurrency {
                let client = Echo_EchoService.Client(channels[index % channels.count])
                // On the channel's own loop: a call then costs no thread hop.
                group.addTask(executorPreference: loops.executors[0]) { [options] in
                    options.streamCount > 0
                        ? try await Self.stream(client, until: end, count: options.streamCount)
                        : try await Self.say(client, until: end)
                }
            }
            return try await group.reduce(into: Tally()) { total, tally in
                total.calls += tally.calls
                total.messages += tally.messages
                total.microseconds += tally.microseconds
            }
        }
        let seconds = Self.seconds(ContinuousClock.now - start)
        let processor = Self.processorSeconds() - processorBefore
        for channel in channels { await channel.shutDown() }
        let sorted = total.microseconds.sorted()
        func percentile(_ share: Double) -> UInt32 {
            sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
        return """
            {"calls": \(total.calls), "seconds": \(seconds), "cpu_seconds": \(processor), \
            "p50_us": \(percentile(0.5)), "p99_us": \(percentile(0.99)), "messages": \(total.messages)}
            """
    }

    private static let text = String(repeating: "x", count: 100)

    private func warmUp(_ channel: ClientChannel) async throws {
        var request = Echo_Echo()
        request.text = Self.text
        for _ in 0..<100 { _ = try await Echo_EchoService.Client(channel).say(request) }
    }

    private static func say(_ client: Echo_EchoService.Client, until end: ContinuousClock.Instant) async throws -> Tally
    {
        var request = Echo_Echo()
        request.text = text
        var tally = Tally()
        var before = ContinuousClock.now
        while before < end {
            let reply = try await client.say(request)
            guard reply.text.utf8.count == text.utf8.count else { fatalError("a wrong reply") }
            let after = ContinuousClock.now
            tally.calls += 1
            tally.microseconds.append(UInt32(seconds(after - before) * 1e6))
            before = after
        }
        tally.messages = tally.calls
        return tally
    }

    private static func stream(
        _ client: Echo_EchoService.Client,
        until end: ContinuousClock.Instant,
        count: Int
    ) async throws -> Tally {
        var request = Echo_StreamReq()
        request.text = text
        request.count = UInt32(count)
        var tally = Tally()
        while ContinuousClock.now < end {
            var received = 0
            for try await _ in try await client.stream(request) { received += 1 }
            guard received == count else { fatalError("a stream of \(received) messages") }
            tally.calls += 1
            tally.messages += received
        }
        return tally
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    /// Processor time of this process so far.
    private static func processorSeconds() -> Double {
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let micro = Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + micro
    }
}
