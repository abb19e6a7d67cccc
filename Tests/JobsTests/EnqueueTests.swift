import Foundation
import Persistence
import Testing

@testable import Jobs

@Suite struct EnqueueTests {
    private struct Oops: Error {}

    @Test(arguments: stores) func aJobExistsExactlyIfItsTransactionDoes(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let id = try await queue.store.scoped(acme).write { tx in
                try queue.enqueue(.greet, "Ada", by: "user/1", in: tx)
            }
            let info = try await queue.info(id)
            #expect(info.organization == acme)
            #expect(info.initiator == "user/1")
            #expect(info.state == .ready)
            await #expect(throws: Oops.self) {
                try await queue.store.scoped(acme).write { tx in
                    try queue.enqueue(.greet, "Bob", by: "user/1", in: tx)
                    throw Oops()
                }
            }
            #expect(try await queue.states().count == 1)
        }
    }

    @Test(arguments: stores) func manyKeepTheirOrder(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let requests = try (0..<777).map {
                try JobKind.greet.request("\($0)", JobOptions(priority: $0 % 100 == 0 ? 1 : 0))
            }
            let ids = try await queue.enqueue(requests, by: "t", for: acme)
            #expect(ids.count == 777)
            #expect(ids == ids.sorted())
            let jobs = try await queue.claim(1000)
            for job in jobs {
                let index = try #require(ids.firstIndex(of: job.id))
                #expect(job.payload == requests[index].payload)
            }
            #expect(jobs.count == 777)
        }
    }

    @Test(arguments: stores) func aUniqueKeyFindsTheJobThatIsThere(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let options = JobOptions(uniqueKey: "daily")
            let first = try await queue.greet("a", options)
            #expect(try await queue.greet("b", options) == first)
            let other = try await queue.enqueue([JobKind.greet.request("c", options)], by: "t", for: globex)[0]
            #expect(other != first)
            let jobs = try await queue.claim()
            #expect(try await queue.greet("d", options) == first)
            try await queue.turn(endings: jobs.map { Ending(job: $0, outcome: .succeeded) })
            #expect(try await queue.greet("e", options) != first)
        }
    }

    @Test(arguments: stores) func manyAtOnceWithOneUniqueKeyAreOneJob(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let ids = try await withThrowingTaskGroup(of: JobID.self) { group in
                for index in 0..<20 { group.addTask { try await queue.greet("\(index)", JobOptions(uniqueKey: "k")) } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test(arguments: stores) func badRequestsNameTheirField(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            func field(_ request: JobRequest) async -> String? {
                do { _ = try await queue.enqueue([request], by: "t", for: acme) } catch let error as JobError {
                    return error.field
                } catch { return "\(error)" }
                return nil
            }
            let large = [UInt8](repeating: 0, count: queue.configuration.maximumPayload + 1)
            #expect(await field(JobRequest(kind: "greet", payload: large)) == "payload")
            #expect(await field(JobRequest(kind: "", payload: [])) == "kind")
            let long = String(repeating: "x", count: 600)
            #expect(await field(JobRequest(kind: "a", payload: [], options: .init(uniqueKey: long))) == "uniqueKey")
            #expect(
                await field(JobRequest(kind: "a", payload: [], options: .init(maximumAttempts: 0))) == "maximumAttempts"
            )
            let limit = JobLimit(key: "k", concurrency: 0)
            #expect(
                await field(JobRequest(kind: "a", payload: [], options: .init(limit: limit))) == "limit.concurrency")
            #expect(await field(JobRequest(kind: "a", payload: [])) == nil)
        }
    }

    @Test(arguments: stores) func anotherOrganizationsTransactionIsRefused(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            await #expect(throws: JobError.self) {
                try await queue.store.scoped(acme).write { tx in
                    try queue.enqueue(.greet, "x", by: "t", for: globex, in: tx)
                }
            }
        }
    }
}
