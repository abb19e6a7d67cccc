import Foundation
import Jobs
import Logging
import Persistence
import Synchronization

/// The queue as services use it: callers that enqueue, a worker with a handler.
struct QueueBench {
    let store: Store
    let callers: Int
    private static let kind = JobKind<[UInt8]>(bytes: "bench")
    private static let payload = [UInt8](repeating: 0x61, count: 100)
    private let organization = OrganizationID("acme")

    /// Each in a transaction of its own, by many callers at the same time.
    func enqueueSingly(_ count: Int) async throws -> Rate {
        try await measure(count) { try await enqueueSingly(JobQueue(store), count) }
    }

    func enqueueBatched(_ count: Int) async throws -> Rate {
        try await measure(count) { try await enqueueBatched(JobQueue(store), count) }
    }

    /// Works off what waits.
    ///
    /// - Parameter single: each job's end is written in a transaction of its handler's own.
    func work(_ count: Int, single: Bool) async throws -> Rate {
        try await measure(count) { try await work(JobQueue(store), count, single: single) {} }
    }

    func both(_ count: Int, single: Bool) async throws -> Rate {
        let queue = JobQueue(store)
        return try await measure(count) {
            try await work(queue, count, single: single) {
                if single { try await enqueueSingly(queue, count) } else { try await enqueueBatched(queue, count) }
            }
        }
    }

    private func measure(_ count: Int, _ body: () async throws -> Void) async throws -> Rate {
        try await Rate.measure {
            try await body()
            return count
        }
    }

    private func enqueueSingly(_ queue: JobQueue, _ count: Int) async throws {
        let handle = store.scoped(organization)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    for _ in stride(from: caller, to: count, by: callers) {
                        try await handle.write(.readCommitted) { tx in
                            _ = try queue.enqueue(Self.kind, Self.payload, by: "bench", in: tx)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func enqueueBatched(_ queue: JobQueue, _ count: Int) async throws {
        let handle = store.scoped(organization)
        let requests = try (0..<1000).map { _ in try Self.kind.request(Self.payload) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let batches = count / 1000
            for caller in 0..<2 {
                group.addTask {
                    for _ in stride(from: caller, to: batches, by: 2) {
                        try await handle.write(.readCommitted) { tx in
                            _ = try queue.enqueue(requests, by: "bench", in: tx)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func work(
        _ queue: JobQueue, _ count: Int, single: Bool, meanwhile: () async throws -> Void
    ) async throws {
        let done = Mutex(0)
        let counter = Counter(done)
        var configuration = WorkerConfiguration()
        configuration.concurrency = single ? callers * 2 : 2000
        configuration.claimBatch = 1000
        configuration.maximumUnwritten = 8192
        let handler = JobHandler(Self.kind, concurrency: configuration.concurrency) { _, context in
            if single { try await context.complete(.readCommitted) { _ in } }
            counter.value.withLock { $0 += 1 }
        }
        let worker = JobWorker(
            queue, handlers: [handler], configuration: configuration,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await worker.run() }
        try await meanwhile()
        while counter.value.withLock({ $0 }) < count { try await Task.sleep(for: .milliseconds(1)) }
        // Its end: what was done is written by then.
        running.cancel()
        try await running.value
    }

    private final class Counter: Sendable {
        let value: Mutex<Int>
        init(_ value: consuming Mutex<Int>) { self.value = value }
    }
}
