import Foundation
import Persistence
import StoreTesting
import Testing

@testable import Jobs

/// Workers in processes of their own are killed while they work: no job is lost, and effects happen once.
///
/// The short form is part of the ordinary tests; `scripts/soak-jobs.sh` sets the environment for the long one.
@Suite(.timeLimit(.minutes(60))) struct KillTests {
    private static let probe = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "jobs-probe").path
    private static let jobs = environment("JOBS_STORM_JOBS") ?? 2000
    private static let kills = environment("JOBS_STORM_KILLS") ?? 4

    private static func environment(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init)
    }

    private static let migrations =
        JobsMigrations.all + [
            Migration(
                "001 effects",
                up: [
                    .sql("CREATE TABLE effects (organization TEXT NOT NULL, job BIGINT NOT NULL)"), .isolate("effects"),
                ],
                down: [.sql("DROP TABLE effects")])
        ]

    @Test(arguments: stores) func noJobIsLostAndNoEffectHappensTwice(_ kind: Store.Kind) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "storm-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let address =
            switch kind {
            case .sqlite: folder.appending(path: "storm.db").path
            case .postgres: try await PostgresServer.shared.get().makeDatabase()
            }
        let log = folder.appending(path: "log").path
        try Data().write(to: URL(filePath: log))
        var configuration: StoreConfiguration = kind == .sqlite ? .sqlite(path: address) : .postgres(address)
        configuration.pool.acquireTimeout = .seconds(60)
        let store = try Store(configuration)
        try await Migrator(Self.migrations).migrate(store)
        let queue = JobQueue(store)
        let ids = try await enqueue(queue)
        try await storm(queue, address, log)
        try await check(queue, ids, log)
        await store.close()
    }

    /// Half of them of each kind, of two organizations; none may die of the killing alone.
    private func enqueue(_ queue: JobQueue) async throws -> Set<JobID> {
        var ids: Set<JobID> = []
        while ids.count < Self.jobs {
            let kind = ids.count / 500 % 2 == 0 ? "storm" : "storm.batched"
            let request = JobRequest(kind: kind, payload: [1, 2, 3], options: JobOptions(maximumAttempts: 1000))
            let requests = Array(repeating: request, count: min(500, Self.jobs - ids.count))
            ids.formUnion(
                try await queue.enqueue(requests, by: "storm", for: ids.count % 2 == 0 ? acme : globex))
        }
        return ids
    }

    private func left(_ queue: JobQueue) async throws -> Int {
        try await queue.store.system(.test).read {
            try $0.value(Int.self, "SELECT count(*) AS n FROM jobs WHERE state <> 'succeeded'") ?? 0
        }
    }

    private func storm(_ queue: JobQueue, _ address: String, _ log: String) async throws {
        var workers = [try start(address, log), try start(address, log)]
        defer { for worker in workers { kill(worker.processIdentifier, SIGKILL) } }
        var killed = 0
        while killed < Self.kills {
            let rest = try await left(queue)
            // Spread over the jobs, as far as they reach.
            let due = Self.jobs - Self.jobs * killed / Self.kills
            if rest > 0, rest > due {
                try await Task.sleep(for: .milliseconds(20))
                continue
            }
            let victim = workers.removeFirst()
            kill(victim.processIdentifier, SIGKILL)
            await offPool { victim.waitUntilExit() }
            killed += 1
            workers.append(try start(address, log))
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...400)))
        }
        try await eventually { try await left(queue) == 0 }
        for worker in workers {
            kill(worker.processIdentifier, SIGKILL)
            await offPool { worker.waitUntilExit() }
        }
    }

    private func start(_ address: String, _ log: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: Self.probe)
        process.arguments = [address, log]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func check(_ queue: JobQueue, _ ids: Set<JobID>, _ log: String) async throws {
        let states = try await states(queue)
        #expect(Set(states.keys) == ids)
        #expect(states.values.allSatisfy { $0.state == .succeeded })
        let effects = try await effects(queue)
        let single = Set(states.filter { $0.value.kind == "storm" }.keys)
        #expect(effects.count == single.count)
        #expect(Set(effects) == single)
        // Outside of the store an effect can repeat, under the same id.
        let appended = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").compactMap {
            Int64($0).map { JobID($0) }
        }
        #expect(Set(appended) == ids)
        let rescued = try await queue.store.system(.test).read {
            try $0.value(Int.self, "SELECT count(*) AS n FROM job_attempts WHERE outcome = 'lost'") ?? 0
        }
        let repeated = appended.count - ids.count
        print("storm on \(queue.store.kind): \(ids.count) jobs, \(Self.kills) kills, \(rescued) claims rescued")
        print("storm on \(queue.store.kind): \(repeated) external effects repeated, none with another id")
    }

    private struct Stood: RowDecodable {
        var id: JobID
        var kind: String
        var state: JobState
        init(row: Row) throws { (id, kind, state) = (try row["id"], try row["kind"], try row["state"]) }
    }

    private func states(_ queue: JobQueue) async throws -> [JobID: Stood] {
        var states: [JobID: Stood] = [:]
        for try await rows in queue.store.system(.test).stream(Stood.self, "SELECT id, kind, state FROM jobs") {
            for row in rows { states[row.id] = row }
        }
        return states
    }

    private struct Effect: RowDecodable {
        var job: JobID
        init(row: Row) throws { job = try row["job"] }
    }

    private func effects(_ queue: JobQueue) async throws -> [JobID] {
        var effects: [JobID] = []
        for try await rows in queue.store.system(.test).stream(Effect.self, "SELECT job FROM effects") {
            effects += rows.map(\.job)
        }
        return effects
    }
}
