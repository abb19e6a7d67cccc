import CoreMetrics

/// What is measured of a store's transactions, under its configuration's name.
struct StoreMetrics: Sendable {
    /// The time from asking for a connection until it is there; on SQLite also a write's until its turn.
    let acquire: CoreMetrics.Timer
    private let reads: CoreMetrics.Timer
    private let writes: CoreMetrics.Timer
    /// Attempts after the first.
    let retries: Counter
    private let failures: [StoreError.Reason: Counter]

    enum Mode: String {
        case read
        case write
    }

    init(store: String, factory: any MetricsFactory) {
        let own = [("store", store)]
        func timer(_ mode: Mode) -> CoreMetrics.Timer {
            CoreMetrics.Timer(
                label: "datavault_store_transaction_seconds", dimensions: own + [("mode", mode.rawValue)],
                factory: factory)
        }
        acquire = CoreMetrics.Timer(label: "datavault_store_acquire_seconds", dimensions: own, factory: factory)
        reads = timer(.read)
        writes = timer(.write)
        retries = Counter(label: "datavault_store_retries_total", dimensions: own, factory: factory)
        failures = Dictionary(
            uniqueKeysWithValues: StoreError.Reason.allCases.map { reason in
                let dimensions = own + [("reason", reason.rawValue)]
                return (
                    reason, Counter(label: "datavault_store_failures_total", dimensions: dimensions, factory: factory)
                )
            }
        )
    }

    /// Measures a transaction as its caller sees it: the wait, all attempts, and the commit.
    func measured<Result>(_ mode: Mode, _ body: () async throws -> Result) async throws -> Result {
        let start = ContinuousClock.now
        defer { Self.record(since: start, in: mode == .read ? reads : writes) }
        do { return try await body() } catch {
            if let error = error as? StoreError { failures[error.reason]?.increment() }
            throw error
        }
    }

    /// Records the time that has passed.
    static func record(since start: ContinuousClock.Instant, in timer: CoreMetrics.Timer) {
        timer.recordNanoseconds(Int64((ContinuousClock.now - start) / .nanoseconds(1)))
    }
}
