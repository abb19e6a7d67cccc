import CoreMetrics

/// Runs attempts at a transaction until one succeeds, or fails in a way that another would not mend.
func retrying<Result: Sendable>(
    _ configuration: RetryConfiguration, _ metrics: StoreMetrics, _ attempt: () async throws -> Result
) async throws -> Result {
    var pause = configuration.firstPause
    for _ in 1..<max(configuration.attempts, 1) {
        do { return try await attempt() } catch let error as StoreError where error.isTransient {
            metrics.retries.increment()
            // Random, so that those that met once do not meet again.
            let nanoseconds = Int64.random(in: 0...max(Int64(pause / .nanoseconds(1)), 1))
            do { try await Task.sleep(for: .nanoseconds(nanoseconds)) } catch {
                throw StoreError(.cancelled, "the caller's task was cancelled")
            }
            pause = min(pause * 2, configuration.longestPause)
        }
    }
    return try await attempt()
}
