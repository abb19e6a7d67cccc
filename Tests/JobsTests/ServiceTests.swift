import Foundation
import Metrics
import MetricsTestKit
import Persistence
import ServiceLifecycle
import StoreTesting
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(5))) struct ServiceTests {
    /// Graceful shutdown: what runs comes to its end, nothing new begins.
    @Test(arguments: stores) func drains(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let started = Locked(0)
            let handler = JobHandler(.greet, concurrency: 2) { _, _ in
                started.withLock { $0 += 1 }
                try await Task.sleep(for: .milliseconds(200))
            }
            try await queue.enqueue((0..<20).map { try JobKind.greet.request("\($0)") }, by: "t", for: acme)
            let worker = JobWorker(queue, handlers: [handler], configuration: .test, logger: .quiet)
            let group = ServiceGroup(
                configuration: .init(services: [.init(service: worker)], logger: .quiet))
            let running = Task { try await group.run() }
            try await eventually { started.withLock { $0 } == 2 }
            await group.triggerGracefulShutdown()
            try await running.value
            let states = try await queue.states().values
            let succeeded = states.count { $0 == .succeeded }
            let runs = started.withLock { $0 }
            #expect(succeeded == runs)
            let ready = states.count { $0 == .ready }
            #expect(ready == 20 - succeeded)
        }
    }

    /// A store that goes away and comes back: no job is lost, and none stays behind.
    @Test func outlivesItsStore() async throws {
        let server = try PostgresServer()
        defer { server.end() }
        let store = try Store(.postgres(server.url))
        try await Migrator(JobsMigrations.all).migrate(store)
        let queue = JobQueue(store)
        let runs = Locked<[String: Int]>([:])
        let handler = JobHandler(.greet) { name, _ in
            runs.withLock { $0[name, default: 0] += 1 }
            try await Task.sleep(for: .milliseconds(100))
        }
        try await queue.enqueue((0..<200).map { try JobKind.greet.request("\($0)") }, by: "t", for: acme)
        try await withWorker(queue, [handler]) { _ in
            try await eventually { runs.withLock { $0.count } > 20 }
            try await Task.detached { try server.command("crash") }.value
            try await Task.sleep(for: .milliseconds(300))
            try await Task.detached { try server.command("start") }.value
            try await eventually {
                guard let states = try? await queue.states().values else { return false }
                return states.allSatisfy { $0 == .succeeded }
            }
        }
        #expect(runs.withLock { $0.count } == 200)
        await store.close()
    }

    /// A worker that was given up while it lived goes on under another name.
    @Test(arguments: stores) func startsOverAfterItsLeaseWasLost(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let runs = Locked(0)
            let handler = JobHandler(.greet) { _, _ in
                if runs.withLock({
                    $0 += 1; return $0
                }) == 1 {
                    try await Task.sleep(for: .seconds(3600))
                }
            }
            try await withWorker(queue, [handler]) { _ in
                let id = try await queue.greet("x")
                try await eventually { runs.withLock { $0 } == 1 }
                try await queue.store.system(.test).write { _ = try $0.run("UPDATE job_workers SET lease_until = 0") }
                _ = try await queue.rescue()
                try await eventually { try await queue.state(id) == .succeeded }
                #expect(runs.withLock { $0 } == 2)
                #expect(try await queue.info(id).attempt == 2)
            }
        }
    }

    @Test func verdicts() {
        func verdict(_ error: any Error, _ cause: CancelCause? = nil, attempt: Int = 1) -> String {
            let verdict = Verdict(
                attempt: attempt, maximumAttempts: 3, backoff: Backoff(first: .seconds(2), longest: .seconds(3)),
                timeout: .seconds(9), now: Date(timeIntervalSince1970: 0), random: 0.5)
            switch verdict.outcome(error, cause: cause) {
            case .retry(let date, _, let counts): return "retry \(date.timeIntervalSince1970) \(counts)"
            case .dead(let reason, _): return "dead \(reason)"
            case .cancelled: return "cancelled"
            case .released: return "released"
            case .succeeded, .completed: return "succeeded"
            }
        }
        struct Oops: Error {}
        #expect(verdict(Oops()) == "retry 1.0 true")
        #expect(verdict(Oops(), attempt: 2) == "retry 1.5 true")
        #expect(verdict(Oops(), attempt: 3) == "dead attempts")
        #expect(verdict(CancellationError(), .timeout) == "retry 1.0 true")
        #expect(verdict(CancellationError(), .shutdown) == "released")
        #expect(verdict(CancellationError(), .lost) == "released")
        #expect(verdict(CancellationError(), .requested) == "cancelled")
        #expect(verdict(PermanentJobFailure("gone", "")) == "dead gone")
        #expect(verdict(JobRetry(after: .seconds(7), "")) == "retry 7.0 true")
        #expect(verdict(JobRetry(after: .seconds(7), ""), attempt: 3) == "dead attempts")
        #expect(verdict(JobRetry(after: .seconds(7), countsAsAttempt: false, ""), attempt: 3) == "retry 7.0 false")
    }

    @Test func backoffIsBounded() {
        let backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        #expect(backoff.pause(after: 1, random: 0) == .zero)
        #expect((1...8).map { backoff.pause(after: $0, random: 0.5) / .seconds(1) } == [0.5, 1, 2, 4, 8, 16, 30, 30])
        #expect(backoff.pause(after: 1_000_000, random: 0.5) == .seconds(30))
    }

    @Test func cutsErrorsAtCharacters() {
        #expect(JobQueue.trim("short", to: 10) == "short")
        for bytes in 3...12 {
            let cut = JobQueue.trim("äöü€äöü€", to: bytes)
            #expect(cut.utf8.count <= bytes)
            #expect(cut.hasSuffix("…"))
        }
        #expect(JobQueue.trim("a\0b", to: 100) == "a\u{FFFD}b")
    }
}

@Suite struct MetricsTests {
    @Test func whatHappensIsCounted() async throws {
        let metrics = TestMetrics()
        let queue = JobMetrics(factory: metrics)
        let kind = queue.kind("k")
        queue.depth("k", .ready, 7)
        queue.clearDepths(but: [])
        queue.relayed("audit", "delivered", 5)
        queue.rescued(2)
        kind.enqueued(3)
        kind.started(after: 0.5)
        kind.finished("failed", after: 2)
        kind.finished("dead", after: -1)
        let dimensions = [("kind", "k")]
        #expect(try metrics.expectCounter("datavault_jobs_enqueued_total", dimensions).values == [3])
        #expect(try metrics.expectCounter("datavault_jobs_started_total", dimensions).values == [1])
        #expect(
            try metrics.expectCounter("datavault_jobs_finished_total", dimensions + [("outcome", "failed")]).values
                == [1])
        #expect(
            try metrics.expectGauge("datavault_jobs_depth", dimensions + [("state", "ready")]).values == [7, 0])
        let relayed = [("destination", "audit"), ("outcome", "delivered")]
        #expect(try metrics.expectCounter("datavault_outbox_messages_total", relayed).values == [5])
        #expect(try metrics.expectCounter("datavault_jobs_rescued_total").values == [2])
        #expect(
            try metrics.expectTimer("datavault_jobs_start_latency_seconds", dimensions).values == [500_000_000])
        #expect(try metrics.expectTimer("datavault_jobs_run_time_seconds", dimensions).values == [2_000_000_000, 0])
    }
}
