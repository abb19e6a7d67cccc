import Foundation
import Logging
import Persistence
import StoreTesting
import Synchronization

@testable import Jobs

let stores = Store.Kind.allCases
let acme = OrganizationID("acme")
let globex = OrganizationID("globex")

extension SystemReason {
    static let test = SystemReason("tests look")
}

extension JobKind where Payload == String { static let greet = JobKind("greet") }

/// A clock that stands until it is moved.
final class TestClock: Sendable {
    private let state: Mutex<Date>

    init(_ date: Date = Date(timeIntervalSince1970: 1_800_000_000)) { state = Mutex(date) }

    var now: Date { state.withLock { $0 } }
    func advance(_ time: Duration) { state.withLock { $0 = $0 + time } }

    /// With this clock, and a random number of one's choice; sleeping takes real time.
    func environment(random: Double = 0.5) -> JobEnvironment {
        JobEnvironment(now: { self.now }, random: { random })
    }
}

/// What an effect is written to: exactly once for each job, if all is well.
let effects = Migration(
    "001 effects",
    up: [
        .sql("CREATE TABLE effects (organization TEXT NOT NULL, job BIGINT NOT NULL, what TEXT NOT NULL)"),
        .isolate("effects"),
    ],
    down: [.sql("DROP TABLE effects")])

/// A fresh queue on a store of a kind, for one test.
func withQueue(
    _ kind: Store.Kind, _ environment: JobEnvironment = JobEnvironment(),
    _ configuration: JobsConfiguration = JobsConfiguration(), _ body: (JobQueue) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "jobs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var store =
        switch kind {
        case .sqlite: StoreConfiguration.sqlite(path: folder.appending(path: "test.db").path)
        case .postgres: StoreConfiguration.postgres(try await PostgresServer.shared.get().makeDatabase())
        }
    store.pool.size = 6
    // Tests share two cores with others: only those about time have short ones.
    store.pool.acquireTimeout = .seconds(60)
    let opened = try Store(store)
    do {
        try await Migrator(JobsMigrations.all + [effects]).migrate(opened)
        try await body(JobQueue(opened, configuration: configuration, environment: environment))
    } catch {
        await opened.close()
        throw error
    }
    await opened.close()
}

/// Runs a worker while the body runs, then shuts it down.
func withWorker(
    _ queue: JobQueue, _ handlers: [JobHandler], _ configuration: WorkerConfiguration = .test,
    _ body: (JobWorker) async throws -> Void
) async throws {
    let worker = JobWorker(queue, handlers: handlers, configuration: configuration, logger: .quiet)
    let running = Task { try await worker.run() }
    do { try await body(worker) } catch {
        running.cancel()
        try await running.value
        throw error
    }
    running.cancel()
    try await running.value
}

extension WorkerConfiguration {
    static var test: WorkerConfiguration {
        var configuration = WorkerConfiguration()
        configuration.lease = .seconds(60)
        configuration.heartbeat = .milliseconds(100)
        configuration.poll = .milliseconds(50)
        configuration.maintenance = .milliseconds(200)
        configuration.timeoutGrain = .milliseconds(20)
        configuration.progressInterval = .milliseconds(20)
        return configuration
    }
}

extension Logger {
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension JobQueue {
    /// Enqueues one greeting for acme.
    @discardableResult
    func greet(_ name: String, _ options: JobOptions = JobOptions()) async throws -> JobID {
        try await enqueue([JobKind.greet.request(name, options)], by: "tester", for: acme)[0]
    }

    /// Claims by hand, as a worker would.
    func claim(
        _ room: Int = 100, as worker: String = "w", kinds: [String] = ["greet"], endings: [Ending] = []
    ) async throws -> [Job] {
        try await turn(room, as: worker, kinds: kinds, endings: endings).jobs
    }

    @discardableResult
    func turn(
        _ room: Int = 100, as worker: String = "w", kinds: [String] = ["greet"], endings: [Ending] = []
    ) async throws -> Turn.Result {
        if try await !isRegistered(worker) { try await register(worker, name: worker, lease: .seconds(30)) }
        return try await run(
            Turn(
                worker: worker, lease: .seconds(30), endings: endings, kinds: kinds.map { .init(name: $0, room: room) },
                room: room, promotes: true, limitRecheck: .seconds(5)))
    }

    private func isRegistered(_ worker: String) async throws -> Bool {
        try await store.system(.test).read {
            try $0.value(String.self, "SELECT id FROM job_workers WHERE id = \(worker)") != nil
        }
    }

    func states() async throws -> [JobID: JobState] {
        let rows = try await store.system(.test).read { try $0.all(JobAndState.self, "SELECT id, state FROM jobs") }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0.state) })
    }

    private struct JobAndState: RowDecodable {
        var id: JobID
        var state: JobState
        init(row: Row) throws { (id, state) = (try row["id"], try row["state"]) }
    }

    func state(_ id: JobID) async throws -> JobState { try await info(id).state }
}

/// Waits until something is so; whoever waits in vain is stopped by the test's time limit.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(10)) }
}
