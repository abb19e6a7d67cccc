import Logging
import Metrics
import Persistence
import ServiceLifecycle

/// Counts what the logs hold, for metrics.
struct LogMeter: Service {
    let store: Store
    let logger: Logger
    var interval: Duration = .seconds(15)

    private let entries = Gauge(label: "datavault_audit_entries")
    private let logs = Gauge(label: "datavault_audit_logs")

    init(store: Store, logger: Logger) { (self.store, self.logger) = (store, logger) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await measure() } catch {
                    if !Task.isCancelled {
                        logger.warning("the logs cannot be counted", metadata: ["error": "\(error)"])
                    }
                }
                try? await Task.sleep(for: interval)
            }
        }
    }

    /// One row a log: cheap beside the entries.
    func measure() async throws {
        let (count, sum) = try await store.system(.measureLogs).read { tx in
            (
                try tx.value(Int64.self, "SELECT COUNT(*) AS n FROM audit_logs") ?? 0,
                try tx.value(Int64.self, "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS n FROM audit_logs") ?? 0
            )
        }
        logs.record(count)
        entries.record(sum)
    }
}
