import Foundation
import GoogleAPIContract
import PipelineContract
import ServiceKit
import StoreTesting
import Testing
import Wire

@testable import Persistence
@testable import PipelineService

/// Workers that are killed at any moment of a run, twenty times: the next one goes on where the last commit left it, and
/// the dataset is that of a quiet run.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct RunKillTests {
    private static let probe = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "pipeline-probe").path
    private static let kills = 20
    private static let rows = 12_000

    /// What stands after a run.
    private struct Result: Equatable {
        var csv: String
        var counts: [Int64]
        var quarantined: [Int64]
    }

    private func start(_ bed: PipelineBed) async throws -> String {
        let text = "n,text,group\n" + (0..<Self.rows).map { "\($0),text \($0),\($0 % 5_000)\n" }.joined()
        let file = try await bed.upload(text, piece: 100_000)
        let pipeline = try await bed.makePipeline {
            $0.input.file = file.name
            $0.steps = [
                .filter("n % 7 != 0"), .dedupe("group"), .rule("small", "n % 100 != 13"), .derive("twice", "n * 2"),
            ]
        }
        return try await bed.start(pipeline.name).name
    }

    private func result(_ bed: PipelineBed, _ name: String) async throws -> Result {
        let run = try await bed.run(name)
        #expect(run.state == .succeeded, "\(run)")
        let csv = try await bed.export(run.dataset).text
        let aside = try await bed.quarantine(name).map(\.inputRow)
        return Result(
            csv: csv,
            counts: [
                run.readRowCount, run.writtenRowCount, run.quarantinedRowCount, run.filteredRowCount,
                run.duplicateRowCount, run.rules[0].failedRowCount,
            ] + run.steps.map(\.inRowCount), quarantined: aside)
    }

    @Test("loses and repeats nothing", arguments: pipelineStores)
    func kill(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let quiet = try await start(bed)
            let reference = try launch(bed, rows: 5_000)
            _ = try await bed.end(of: quiet)
            await end(reference)
            let expected = try await result(bed, quiet)

            let name = try await start(bed)
            var killed = 0
            while try await bed.run(name).state != .succeeded {
                let process = try launch(bed, rows: 50)
                let before = try await bed.run(name).readRowCount
                // Some batches further, at a moment that nobody chose.
                while process.isRunning {
                    let run = try await bed.run(name)
                    if run.state == .succeeded { break }
                    if killed < Self.kills, run.readRowCount > before {
                        try await Task.sleep(for: .microseconds(Int.random(in: 0..<20_000)))
                        break
                    }
                    try await Task.sleep(for: .milliseconds(2))
                }
                await end(process)
                killed += 1
            }
            // As many as the run takes on this machine: a slow one gets further between two kills.
            #expect(killed > 4)
            let found = try await result(bed, name)
            #expect(found == expected)

            // Batches that were written and never committed are swept, and nothing else.
            var later = bed.core
            let time = bed.core.now + 7_200_000_000
            later.environment.now = { time }
            try await ObjectSweeper(core: later).sweep()
            let after = try await result(bed, name)
            #expect(after == expected)
            let named = try await bed.core.store.system(.pipelineTest).read { tx in
                try tx.value(Int.self, "SELECT COUNT(*) FROM segments") ?? 0
            }
            var (stored, last) = (0, ObjectKey?.none)
            while true {
                let keys = try await bed.core.objects.list(
                    prefix: "\(bed.caller.organization.rawValue)/datasets/", after: last, limit: 1_000)
                guard let end = keys.last else { break }
                stored += keys.count
                last = end
            }
            #expect(stored == named)
        }
    }

    /// Rows that a process dies of: the run ends after some, and takes down no more.
    @Test("gives up where one after the other dies", arguments: pipelineStores)
    func poison(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let name = try await start(bed)
            let id = String(name.split(separator: "/").last ?? "")
            let organization = bed.caller.organization
            // As if processes had died, each after it had begun.
            try await bed.core.store.scoped(organization).write { tx in
                var run = try #require(try RunStore.run(id, in: tx)?.run)
                run.stalls = bed.core.bounds.stalledAttempts
                try RunStore.update(run, in: tx)
            }
            let process = try launch(bed, rows: 5_000)
            let run = try await bed.end(of: name)
            await end(process)
            #expect(run.state == .failed && run.failure.reason == .runAbandoned, "\(run)")
            #expect(run.writtenRowCount == 0)

            // A commit says that the rows were not to blame.
            let second = try await start(bed)
            let other = String(second.split(separator: "/").last ?? "")
            try await bed.core.store.scoped(organization).write { tx in
                var run = try #require(try RunStore.run(other, in: tx)?.run)
                run.stalls = bed.core.bounds.stalledAttempts - 1
                try RunStore.update(run, in: tx)
            }
            let next = try launch(bed, rows: 5_000)
            let ended = try await bed.end(of: second)
            await end(next)
            #expect(ended.state == .succeeded)
            let stalls = try await bed.core.store.scoped(organization).read { tx in
                try RunStore.run(other, in: tx)?.run.stalls
            }
            #expect(stalls == 0)
        }
    }

    private func launch(_ bed: PipelineBed, rows: Int) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: Self.probe)
        process.arguments = [bed.storeAddress, bed.folder, "\(rows)"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func end(_ process: Process) async {
        Foundation.kill(process.processIdentifier, SIGKILL)
        await offPool { process.waitUntilExit() }
    }
}
