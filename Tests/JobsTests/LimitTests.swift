import Foundation
import Persistence
import StoreTesting
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(5))) struct LimitTests {
    @Test func paceSpreadsStarts() {
        var pace = Pace(nextStart: 0, now: 1000)
        let first = [pace.start(interval: 100, burst: 1), pace.start(interval: 100, burst: 1)]
        pace.now = 1100
        let second = pace.start(interval: 100, burst: 1)
        #expect(first + [second] == [true, false, true])
        // After a pause three at once, no more.
        pace.now = 9000
        let starts = (0..<5).map { _ in pace.start(interval: 100, burst: 3) }
        #expect(starts == [true, true, true, false, false])
        #expect(pace.opensAt(interval: 100, burst: 3) == 9100)
    }

    @Test(arguments: stores) func asManyOfAKeyRunAsMay(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let limit = JobLimit(key: "host", concurrency: 2)
            let held = try await queue.enqueue(
                (0..<6).map { try JobKind.greet.request("\($0)", JobOptions(limit: limit)) }, by: "t", for: acme)
            let free = try await queue.greet("free", JobOptions(priority: 9))
            let first = try await queue.claim()
            #expect(Set(first.map(\.id)) == [held[0], held[1], free])
            #expect(first.allSatisfy { $0.attempt == 1 })
            #expect(try await queue.list(.held).jobs.map(\.id) == Array(held[2...]))
            #expect(try await queue.info(held[3]).attempt == 0)
            // One ends: the next one may.
            let turn = try await queue.turn(endings: [Ending(job: first[0], outcome: .succeeded)])
            #expect(turn.nextOpen != nil)
            #expect(try await queue.openLimits(["greet"], recheck: .seconds(5)).any)
            #expect(try await queue.claim().map(\.id) == [held[2]])
            #expect(try await queue.claim().isEmpty)
        }
    }

    /// A worker that died cannot say that a place is free.
    @Test(arguments: stores) func placesOfDeadWorkersComeFree(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind, clock.environment()) { queue in
            let options = JobOptions(limit: JobLimit(key: "host", concurrency: 1), maximumAttempts: 1)
            let ids = [try await queue.greet("a", options), try await queue.greet("b", options)]
            #expect(try await queue.claim(as: "dies").map(\.id) == [ids[0]])
            clock.advance(.seconds(31))
            _ = try await queue.rescue()
            #expect(try await queue.state(ids[0]) == .dead)
            #expect(try await queue.openLimits(["greet"], recheck: .seconds(5)).any)
            #expect(try await queue.claim(as: "lives").map(\.id) == [ids[1]])
        }
    }

    @Test(arguments: stores) func startsAreSpread(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind, clock.environment()) { queue in
            let limit = JobLimit(key: "host", rate: JobRate(1, per: .seconds(10)))
            let ids = try await queue.enqueue(
                (0..<4).map { try JobKind.greet.request("\($0)", JobOptions(limit: limit)) }, by: "t", for: acme)
            var started: [JobID] = []
            for second in 0..<35 {
                _ = try await queue.openLimits(["greet"], recheck: .seconds(5))
                started += try await queue.claim(as: "w\(second)").map(\.id)
                #expect(started.count == second / 10 + 1)
                clock.advance(.seconds(1))
            }
            #expect(started == ids)
        }
    }

    @Test(arguments: stores) func workersKeepToIt(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let now = Locked((running: 0, most: 0))
            let handler = JobHandler(.greet) { _, _ in
                now.withLock {
                    $0.running += 1; $0.most = max($0.most, $0.running)
                }
                try await Task.sleep(for: .milliseconds(3))
                now.withLock { $0.running -= 1 }
            }
            let limit = JobLimit(key: "host", concurrency: 2)
            try await queue.enqueue(
                (0..<40).map { try JobKind.greet.request("\($0)", JobOptions(limit: limit)) }, by: "t", for: acme)
            try await withWorker(queue, [handler]) { _ in
                try await withWorker(queue, [handler]) { _ in
                    try await eventually { try await queue.states().values.allSatisfy { $0 == .succeeded } }
                }
            }
            #expect(now.withLock { $0.most } <= 2)
        }
    }
}
