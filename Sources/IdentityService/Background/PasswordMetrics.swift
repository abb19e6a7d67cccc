import Metrics
import ServiceKit

/// What log-ins wait for: the threads that hash passwords.
enum PasswordMetrics {
    private static let waitName = "datavault_identity_password_wait_seconds"

    static let observed = [
        ObservedMetric(
            .init("datavault_identity_password_queue", help: "Passwords that wait for a thread to be checked or set.")),
        ObservedMetric(.init("datavault_identity_password_running", help: "Passwords that are on a thread.")),
        ObservedMetric(.init("datavault_identity_password_threads", help: "Threads that hash passwords.")),
    ]

    /// Where the pool tells how long each password waited; those that then were refused for that included.
    static func waits() -> @Sendable (Duration) -> Void {
        let timer = Metrics.Timer(label: waitName)
        return { timer.recordNanoseconds(Int64($0 / .nanoseconds(1))) }
    }

    /// Shows a pool from now on, if the process has a registry.
    static func observe(_ pool: HashingPool, in registry: PrometheusRegistry? = .ofProcess) {
        registry?.observe(observed) { [weak pool] in
            guard let pool else { return [.nan, .nan, .nan] }
            return [Double(pool.waiting), Double(pool.running), Double(pool.configuration.threads)]
        }
    }
}
