import Foundation
import Persistence
import Testing

@testable import Jobs

@Suite struct InspectTests {
    @Test(arguments: stores) func pages(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let ids = try await queue.enqueue(
                (0..<25).map { try JobKind.greet.request("\($0)", JobOptions(priority: $0 % 2)) }, by: "t", for: acme)
            try await queue.enqueue([JobRequest(kind: "other", payload: [])], by: "t", for: globex)
            func all(_ list: (String?) async throws -> JobPage) async throws -> [JobID] {
                var found: [JobID] = []
                var token: String?
                repeat {
                    let page = try await list(token)
                    #expect(page.jobs.count <= 7)
                    found += page.jobs.map(\.id)
                    token = page.nextPageToken
                } while token != nil
                return found
            }
            let byPriority = ids.enumerated().sorted { ($0.offset % 2, $0.offset) < ($1.offset % 2, $1.offset) }
            #expect(
                try await all { try await queue.list(.ready, kind: "greet", pageSize: 7, pageToken: $0) }
                    == byPriority.map(\.element))
            #expect(try await all { try await queue.list(.ready, pageSize: 7, pageToken: $0) }.count == 26)
            #expect(
                try await all { try await queue.list(of: acme, pageSize: 7, pageToken: $0) } == Array(ids.reversed()))
            #expect(try await queue.list(of: globex, kind: "greet").jobs.isEmpty)
            let token = try await queue.list(.ready, pageSize: 7).nextPageToken
            for wrong in ["", "x", token ?? ""] {
                let error = await #expect(throws: JobError.self) {
                    try await queue.list(.scheduled, pageToken: wrong)
                }
                #expect(error?.field == "pageToken")
            }
        }
    }

    @Test(arguments: stores) func everyStateCanBeListed(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            try await queue.enqueue(
                (0..<8).map {
                    try JobKind.greet.request("\($0)", JobOptions(limit: JobLimit(key: "k", concurrency: 5)))
                },
                by: "t", for: acme)
            _ = try await queue.greet("later", JobOptions(start: .after(.seconds(60))))
            let jobs = try await queue.claim()
            let outcomes: [Ending.Outcome] = [
                .succeeded, .dead(reason: "r", error: "e"), .cancelled(error: "c"),
                .retry(at: Date() + .seconds(100), error: "again", countsAsAttempt: true),
            ]
            try await queue.turn(kinds: [], endings: zip(jobs, outcomes).map { Ending(job: $0, outcome: $1) })
            _ = try await queue.greet("x", JobOptions(priority: 3))
            for state in JobState.allCases {
                let first = try await queue.list(state, pageSize: 1)
                #expect(first.jobs.count == 1, "\(state)")
                if let token = first.nextPageToken {
                    #expect(try await queue.list(state, pageSize: 1, pageToken: token).jobs != first.jobs)
                }
            }
            let counts = try await queue.counts()
            #expect(
                Dictionary(grouping: counts, by: \.state).mapValues { $0.map(\.count) } == [
                    .scheduled: [2], .ready: [1], .held: [3], .running: [1], .succeeded: [1], .cancelled: [1],
                    .dead: [1],
                ])
        }
    }

    @Test(arguments: stores) func countsAreBounded(_ kind: Store.Kind) async throws {
        var configuration = JobsConfiguration()
        configuration.countLimit = 10
        try await withQueue(kind, JobEnvironment(), configuration) { queue in
            try await queue.enqueue((0..<20).map { try JobKind.greet.request("\($0)") }, by: "t", for: acme)
            #expect(try await queue.counts() == [JobCount(kind: "greet", state: .ready, count: 10, isLowerBound: true)])
        }
    }

    @Test(arguments: stores) func whatIsOthersIsNotThere(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let id = try await queue.greet("x")
            #expect(try await queue.info(id, for: acme).id == id)
            for call in [0, 1, 2] {
                let error = await #expect(throws: JobError.self) {
                    switch call {
                    case 0: _ = try await queue.info(id, for: globex)
                    case 1: _ = try await queue.history(id, for: globex)
                    default: _ = try await queue.redrive(id, for: globex)
                    }
                }
                #expect(error?.reason == .notFound)
            }
        }
    }

    @Test(arguments: stores) func retention(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        var configuration = JobsConfiguration()
        configuration.maintenanceBatch = 3
        try await withQueue(kind, clock.environment(), configuration) { queue in
            try await queue.enqueue((0..<10).map { try JobKind.greet.request("\($0)") }, by: "t", for: acme)
            let jobs = try await queue.claim()
            try await queue.turn(
                kinds: [],
                endings: jobs.enumerated().map {
                    Ending(job: $1, outcome: $0 < 8 ? .succeeded : .dead(reason: "r", error: "e"))
                })
            #expect(try await queue.removeExpired() == 0)
            clock.advance(.seconds(24 * 3600 + 1))
            #expect(try await queue.removeExpired() == 8)
            clock.advance(.seconds(30 * 24 * 3600))
            #expect(try await queue.removeExpired() == 2)
            let attempts = try await queue.store.system(.test).read {
                try $0.value(Int.self, "SELECT count(*) AS n FROM job_attempts")
            }
            #expect(attempts == 0)
        }
    }

    /// Numbers are never used again, also where jobs go with their end.
    @Test(arguments: stores) func keepingNothing(_ kind: Store.Kind) async throws {
        var configuration = JobsConfiguration()
        configuration.keepSucceeded = .zero
        try await withQueue(kind, JobEnvironment(), configuration) { queue in
            let first = try await queue.greet("x")
            let jobs = try await queue.claim()
            try await queue.turn(kinds: [], endings: [Ending(job: jobs[0], outcome: .succeeded)])
            #expect(try await queue.states().isEmpty)
            #expect(try await queue.greet("y") > first)
        }
    }
}
