import Foundation
import Persistence
import StoreTesting
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(5))) struct WorkerTests {
    private struct Oops: Error, CustomStringConvertible { let description = "oops" }

    @Test(arguments: stores) func runsWhatIsEnqueued(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let seen = Locked<[String]>([])
            let handler = JobHandler(.greet) { name, _ in seen.withLock { $0.append(name) } }
            try await withWorker(queue, [handler]) { _ in
                let ids = try await queue.enqueue(
                    (0..<100).map { try JobKind.greet.request("\($0)") }, by: "t", for: acme)
                try await eventually { try await queue.states().values.allSatisfy { $0 == .succeeded } }
                #expect(Set(seen.withLock { $0 }) == Set((0..<100).map(String.init)))
                #expect(try await queue.states().count == ids.count)
            }
        }
    }

    /// With a poll so rare that only the wake-up can have done it.
    @Test(arguments: stores) func enqueueingWakesTheWorkersOfTheProcess(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            var configuration = WorkerConfiguration.test
            configuration.poll = .seconds(3600)
            try await withWorker(queue, [JobHandler(.greet) { _, _ in }], configuration) { _ in
                for delay in [Duration.zero, .milliseconds(30), .zero] {
                    let id = try await queue.greet("x", JobOptions(start: .after(delay)))
                    try await eventually { try await queue.state(id) == .succeeded }
                }
            }
        }
    }

    @Test(arguments: stores) func jobsOfOtherProcessesAreFound(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let elsewhere = JobQueue(queue.store)
            try await withWorker(queue, [JobHandler(.greet) { _, _ in }]) { _ in
                let id = try await elsewhere.greet("x")
                try await eventually { try await queue.state(id) == .succeeded }
                let later = try await elsewhere.greet("x", JobOptions(start: .after(.milliseconds(100))))
                try await eventually { try await queue.state(later) == .succeeded }
            }
        }
    }

    @Test(arguments: stores) func effectsAndEndAreOneTransaction(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let handler = JobHandler(.greet, backoff: Backoff(first: .milliseconds(1))) { name, context in
                let id = context.job.id
                try await context.complete { tx in
                    try tx.run(
                        "INSERT INTO effects (organization, job, what) VALUES (\(.organization), \(id), \(name))")
                    if context.job.attempt < 3 { throw Oops() }
                }
            }
            try await withWorker(queue, [handler]) { _ in
                let id = try await queue.greet("hello")
                try await eventually { try await queue.state(id) == .succeeded }
                let jobs = try await queue.store.system(.test).read {
                    try $0.values(JobID.self, "SELECT job FROM effects")
                }
                #expect(jobs == [id])
                #expect(try await queue.history(id).map(\.outcome) == ["failed", "failed"])
            }
        }
    }

    @Test(arguments: stores) func failuresAreTriedAgainAndThenDead(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let long = String(repeating: "ä", count: 5000)
            let handler = JobHandler(.greet, backoff: Backoff(first: .milliseconds(1))) { name, _ in
                switch name {
                case "never": throw PermanentJobFailure("refused", "no")
                case "long": throw PermanentJobFailure("long", long)
                default: throw Oops()
                }
            }
            let unreadable = JobHandler(JobKind<Int>("number")) { _, _ in }
            try await withWorker(queue, [handler, unreadable]) { _ in
                let often = try await queue.greet("often", JobOptions(maximumAttempts: 4))
                let never = try await queue.greet("never")
                let lengthy = try await queue.greet("long")
                let bad = try await queue.enqueue(
                    [JobRequest(kind: "number", payload: Array("x".utf8))], by: "t", for: acme)[0]
                try await eventually { try await queue.states().values.allSatisfy { $0 == .dead } }
                let info = try await queue.info(often)
                #expect(info.attempt == 4)
                #expect(info.reason == "attempts")
                #expect(info.error == "oops")
                #expect(try await queue.history(often).count == 4)
                #expect(try await queue.info(never).reason == "refused")
                #expect(try await queue.info(never).attempt == 1)
                #expect(try await queue.info(bad).reason == "payload")
                let error = try #require(try await queue.info(lengthy).error)
                #expect(error.utf8.count <= 2000)
                #expect(error.hasPrefix("ää"))
            }
        }
    }

    @Test(arguments: stores) func aHandlerSaysWhenToTryAgain(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let runs = Locked(0)
            let handler = JobHandler(.greet) { _, _ in
                let run = runs.withLock {
                    $0 += 1; return $0
                }
                if run < 4 { throw JobRetry(after: .milliseconds(1), countsAsAttempt: false, "too early") }
            }
            try await withWorker(queue, [handler]) { _ in
                let id = try await queue.greet("x", JobOptions(maximumAttempts: 1))
                try await eventually { try await queue.state(id) == .succeeded }
                #expect(runs.withLock { $0 } == 4)
            }
        }
    }

    @Test(arguments: stores) func timeoutsCancelAndCount(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let handler = JobHandler(
                .greet, timeout: .milliseconds(50), backoff: Backoff(first: .milliseconds(1))
            ) { _, _ in
                try await Task.sleep(for: .seconds(3600))
            }
            try await withWorker(queue, [handler]) { _ in
                let id = try await queue.greet("slow", JobOptions(maximumAttempts: 2))
                try await eventually { try await queue.state(id) == .dead }
                let error = try await queue.info(id).error
                #expect(error?.contains("took longer") == true)
            }
        }
    }

    /// A handler that does not heed its cancellation keeps its place, not its job.
    @Test(arguments: stores) func aDeafHandlerIsGivenUp(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let isReleased = Locked(false)
            let handler = JobHandler(.greet, timeout: .milliseconds(30)) { _, _ in
                while !isReleased.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)); await Task.yield() }
            }
            var configuration = WorkerConfiguration.test
            configuration.timeoutGrace = .milliseconds(50)
            try await withWorker(queue, [handler], configuration) { _ in
                let id = try await queue.greet("deaf", JobOptions(maximumAttempts: 1))
                try await eventually { try await queue.state(id) == .dead }
                isReleased.withLock { $0 = true }
            }
        }
    }

    @Test(arguments: stores) func cancellation(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let started = Locked<Set<JobID>>([])
            let handler = JobHandler(.greet) { _, context in
                started.withLock { _ = $0.insert(context.job.id) }
                try await Task.sleep(for: .seconds(3600))
            }
            let waiting = try await queue.greet("x", JobOptions(start: .after(.seconds(3600))))
            #expect(try await queue.cancel(waiting).state == .cancelled)
            try await withWorker(queue, [handler]) { _ in
                let near = try await queue.greet("near")
                let far = try await queue.greet("far")
                try await eventually { started.withLock { $0.count } == 2 }
                #expect(try await queue.cancel(near, for: acme).state == .running)
                try await eventually { try await queue.state(near) == .cancelled }
                // As another process would: without this queue's signals.
                try await JobQueue(queue.store).cancel(far)
                try await eventually { try await queue.state(far) == .cancelled }
            }
            let foreign = await #expect(throws: JobError.self) { try await queue.cancel(waiting, for: globex) }
            #expect(foreign?.reason == .notFound)
        }
    }

    @Test(arguments: stores) func redriving(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let isMended = Locked(false)
            let handler = JobHandler(.greet) { _, _ in
                if !isMended.withLock({ $0 }) { throw PermanentJobFailure("broken", "no") }
            }
            try await withWorker(queue, [handler]) { _ in
                let ids = try await queue.enqueue(
                    (0..<10).map { try JobKind.greet.request("\($0)", JobOptions(uniqueKey: "\($0)")) }, by: "t",
                    for: acme)
                try await eventually { try await queue.states().values.allSatisfy { $0 == .dead } }
                isMended.withLock { $0 = true }
                try await queue.redrive(ids[9])
                try await eventually { try await queue.state(ids[9]) == .succeeded }
                let later = JobOptions(start: .after(.seconds(3600)), uniqueKey: "3")
                _ = try await queue.greet("in the way", later)
                let driven = try await queue.redriveDead(kind: "greet", reason: "broken", limit: 100)
                #expect(Set(driven) == Set(ids[0..<9]).subtracting([ids[3]]))
                let error = await #expect(throws: JobError.self) { try await queue.redrive(ids[3]) }
                #expect(error?.reason == .wrongState)
                #expect(try await queue.redriveDead(kind: "greet", reason: "other", limit: 5) == [])
                let succeeded = Set(ids).subtracting([ids[3]])
                try await eventually {
                    let states = try await queue.states()
                    return succeeded.allSatisfy { states[$0] == .succeeded }
                }
            }
        }
    }

    @Test(arguments: stores) func progressIsReadByOthers(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let isReleased = Locked(false)
            let handler = JobHandler(.greet) { _, context in
                context.report(0.25, "a quarter")
                context.report(0.5, "half of it")
                while !isReleased.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
            }
            try await withWorker(queue, [handler]) { _ in
                let id = try await queue.greet("x")
                try await eventually { try await queue.info(id).progress != nil }
                #expect(try await queue.info(id).progress == 0.5)
                #expect(try await queue.info(id).note == "half of it")
                isReleased.withLock { $0 = true }
            }
        }
    }

    @Test(arguments: stores) func boundsAreKept(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let now = Locked((running: 0, most: 0))
            let handler = JobHandler(.greet, concurrency: 3) { _, _ in
                now.withLock {
                    $0.running += 1; $0.most = max($0.most, $0.running)
                }
                try await Task.sleep(for: .milliseconds(5))
                now.withLock { $0.running -= 1 }
            }
            try await queue.enqueue((0..<60).map { try JobKind.greet.request("\($0)") }, by: "t", for: acme)
            try await withWorker(queue, [handler]) { _ in
                try await eventually { try await queue.states().values.allSatisfy { $0 == .succeeded } }
            }
            #expect(now.withLock { $0.most } == 3)
        }
    }

    @Test(arguments: stores) func shutdownGivesBackWhatDoesNotEnd(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let started = Locked(0)
            let handler = JobHandler(.greet) { name, _ in
                started.withLock { $0 += 1 }
                if name == "deaf" {
                    await Task.detached { try? await Task.sleep(for: .seconds(2)) }.value
                } else {
                    try await Task.sleep(for: .seconds(3600))
                }
            }
            var configuration = WorkerConfiguration.test
            configuration.drainGrace = .milliseconds(100)
            let ids = [try await queue.greet("polite"), try await queue.greet("deaf")]
            try await withWorker(queue, [handler], configuration) { _ in
                try await eventually { started.withLock { $0 } == 2 }
            }
            for id in ids {
                let info = try await queue.info(id)
                #expect(info.state == .ready)
                #expect(info.attempt == 0)
            }
            let workers = try await queue.store.system(.test).read {
                try $0.value(Int.self, "SELECT count(*) AS n FROM job_workers")
            }
            #expect(workers == 0)
        }
    }
}
