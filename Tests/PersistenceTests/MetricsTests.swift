import MetricsTestKit
import Testing

@testable import Persistence

@Suite struct StoreMetricsTests {
    @Test func failuresAreCounted() async throws {
        let metrics = TestMetrics()
        // Nobody listens there: what fails is counted, too.
        var configuration = StoreConfiguration.postgres("host=/nowhere dbname=none")
        configuration.name = "identity"
        let store = try Store(configuration, metrics: metrics)
        await #expect(throws: StoreError.self) {
            try await store.system(.test).read { try $0.value(Int.self, "SELECT 1") }
        }
        let own = [("store", "identity")]
        let failed = own + [("reason", "unavailable")]
        #expect(try metrics.expectCounter("datavault_store_failures_total", failed).totalValue == 1)
        let reads = try metrics.expectTimer("datavault_store_transaction_seconds", own + [("mode", "read")])
        #expect(reads.values.count == 1)
        await store.close()
    }

    @Test func retriesAreCounted() async throws {
        let metrics = TestMetrics()
        var configuration = RetryConfiguration()
        configuration.attempts = 3
        configuration.firstPause = .milliseconds(1)
        await #expect(throws: StoreError.self) {
            try await retrying(configuration, StoreMetrics(store: "identity", factory: metrics)) {
                var error = StoreError(.serialization, "others were in the way")
                error.isTransient = true
                throw error
            }
        }
        #expect(try metrics.expectCounter("datavault_store_retries_total", [("store", "identity")]).totalValue == 2)
    }

    @Test(arguments: stores) func waitsAndTransactionsHaveTimes(kind: Store.Kind) async throws {
        let metrics = TestMetrics()
        try await withStore(kind, metrics: metrics) { store in
            let before = try metrics.expectTimer("datavault_store_acquire_seconds", [("store", "store")]).values.count
            _ = try await store.system(.test).read { try $0.value(Int.self, "SELECT 1") }
            try await store.system(.test).write { try $0.run("DELETE FROM notes") }
            let own = [("store", "store")]
            #expect(try metrics.expectTimer("datavault_store_acquire_seconds", own).values.count == before + 2)
            for mode in ["read", "write"] {
                let times = try metrics.expectTimer("datavault_store_transaction_seconds", own + [("mode", mode)])
                let isSane = times.values.count >= 1 && times.values.allSatisfy { $0 > 0 && $0 < 60_000_000_000 }
                #expect(isSane)
            }
        }
    }
}
