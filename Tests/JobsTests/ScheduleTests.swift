import Foundation
import Persistence
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(5))) struct ScheduleTests {
    private func schedule(
        _ name: String, _ cron: String, missed: JobSchedule.Missed = .runOnce, overlap: JobSchedule.Overlap = .allow
    ) throws -> JobSchedule {
        JobSchedule(
            name, try CronSchedule(cron, timeZone: "Europe/Berlin"), try JobKind.greet.request(name), for: acme,
            by: "schedule/\(name)", missed: missed, overlap: overlap)
    }

    @Test(arguments: stores) func eachRunIsEnqueuedOnceByManySchedulers(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind, clock.environment()) { queue in
            let hourly = try schedule("hourly", "0 * * * *", missed: .runAll(atMost: 10))
            try await queue.store.scoped(acme).write { try queue.put(hourly, in: $0) }
            for _ in 0..<5 {
                clock.advance(.seconds(3600))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask { _ = try await JobScheduler(queue, logger: .quiet).enqueueDue() }
                    }
                    try await group.waitForAll()
                }
            }
            let jobs = try await queue.list(.ready).jobs
            #expect(jobs.count == 5)
            #expect(jobs.allSatisfy { $0.organization == acme && $0.initiator == "schedule/hourly" })
            #expect(Set(jobs.map(\.uniqueKey)).count == 5)
        }
    }

    @Test(arguments: stores) func missedAndOverlappingRuns(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind, clock.environment()) { queue in
            let all = [
                try schedule("skip", "0 * * * *", missed: .skip), try schedule("once", "0 * * * *"),
                try schedule("all", "0 * * * *", missed: .runAll(atMost: 3)),
                try schedule("alone", "0 * * * *", overlap: .skip),
            ]
            try await queue.store.scoped(acme).write { tx in for one in all { try queue.put(one, in: tx) } }
            clock.advance(.seconds(5 * 3600 + 1800))
            let scheduler = JobScheduler(queue, logger: .quiet)
            #expect(try await scheduler.enqueueDue() == 4)
            #expect(try await scheduler.enqueueDue() == 0)
            func counts() async throws -> [String: Int] {
                Dictionary(grouping: try await queue.list(.ready).jobs, by: \.initiator).mapValues(\.count)
            }
            #expect(try await counts() == ["schedule/once": 1, "schedule/all": 3, "schedule/alone": 1])
            clock.advance(.seconds(3600))
            #expect(try await scheduler.enqueueDue() == 4)
            // The schedule of one at a time has one that waits already.
            #expect(try await counts()["schedule/alone"] == 1)
            #expect(try await counts()["schedule/once"] == 2)
        }
    }

    @Test(arguments: stores) func schedulesAreReplacedListedAndRemoved(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind, clock.environment()) { queue in
            var daily = try schedule("daily", "@daily")
            try await queue.store.scoped(acme).write { [daily] in try queue.put(daily, in: $0) }
            let first = try #require(try await queue.schedules(of: acme).first)
            #expect(first.schedule == daily)
            #expect(first.nextAt == daily.cron.next(after: clock.now))
            clock.advance(.seconds(60))
            // The same times: the next run stays.
            daily.initiator = "somebody else"
            try await queue.store.scoped(acme).write { [daily] in try queue.put(daily, in: $0) }
            #expect(try await queue.schedules(of: acme).first?.nextAt == first.nextAt)
            daily.isEnabled = false
            try await queue.store.scoped(acme).write { [daily] in try queue.put(daily, in: $0) }
            #expect(try await queue.schedules(of: acme).first?.nextAt == nil)
            #expect(try await queue.schedules(of: globex).isEmpty)
            // The name is taken, and says no more than that.
            daily.organization = globex
            await #expect(throws: (any Error).self) {
                try await queue.store.scoped(globex).write { [daily] in try queue.put(daily, in: $0) }
            }
            #expect(try await queue.store.scoped(globex).write { try queue.removeSchedule("daily", in: $0) } == false)
            #expect(try await queue.store.scoped(acme).write { try queue.removeSchedule("daily", in: $0) })
            #expect(try await queue.schedules().isEmpty)
        }
    }

    @Test(arguments: stores) func theServiceRunsThem(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind, clock.environment()) { queue in
            let minutely = try schedule("minutely", "* * * * *")
            try await queue.store.scoped(acme).write { try queue.put(minutely, in: $0) }
            var configuration = SchedulerConfiguration()
            configuration.poll = .milliseconds(20)
            let scheduler = JobScheduler(queue, configuration: configuration, logger: .quiet)
            let running = Task { try await scheduler.run() }
            for round in 1...3 {
                clock.advance(.seconds(60))
                try await eventually { try await queue.list(.ready).jobs.count == round }
            }
            running.cancel()
            try await running.value
        }
    }
}
