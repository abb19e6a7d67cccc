import Foundation
import Jobs
import Persistence
import Synchronization

// Durable enqueue-and-finish a second, beside what the disk and the store themselves can do, in one run.
//   jobs-bench FOLDER [--postgres URL] [--jobs N] [--callers N]
@main struct JobsBench {
    static func main() async throws {
        let options = try Options(CommandLine.arguments)
        let folder = URL(filePath: options.folder)
        var report = Report()
        report.add("fdatasync of a 4 KiB append to a file", try await DiskCeiling.syncs(in: folder, seconds: 2))
        let configuration =
            options.postgres.map { StoreConfiguration.postgres($0) }
            ?? .sqlite(path: folder.appending(path: "bench.db").path)
        var large = configuration
        large.pool.size = options.postgres == nil ? 4 : 16
        large.pool.maximumWaiters = 100_000
        large.pool.acquireTimeout = .seconds(120)
        let store = try Store(large)
        try await Migrator(JobsMigrations.all + [StoreCeiling.migration]).migrate(store)
        report.add("commits of a tiny row, one after the other", try await StoreCeiling.sequential(store, seconds: 2))
        report.add(
            "commits of a tiny row, \(options.callers) callers",
            try await StoreCeiling.together(store, callers: options.callers, seconds: 2))
        let bench = QueueBench(store: store, callers: options.callers)
        report.add("enqueue, single", try await bench.enqueueSingly(options.jobs))
        report.add("claim and finish, single", try await bench.work(options.jobs, single: true))
        report.add("enqueue and finish, single, both at once", try await bench.both(options.jobs, single: true))
        report.add("enqueue, batched", try await bench.enqueueBatched(options.jobs * 4))
        report.add("claim and finish, batched", try await bench.work(options.jobs * 4, single: false))
        report.add("enqueue and finish, batched, both at once", try await bench.both(options.jobs * 4, single: false))
        await store.close()
        report.print()
    }

    struct Options {
        var folder = ""
        var postgres: String?
        var jobs = 50_000
        var callers = 256

        init(_ arguments: [String]) throws {
            var rest = arguments.dropFirst()
            while let argument = rest.popFirst() {
                switch argument {
                case "--postgres": postgres = rest.popFirst()
                case "--jobs": jobs = rest.popFirst().flatMap(Int.init) ?? jobs
                case "--callers": callers = rest.popFirst().flatMap(Int.init) ?? callers
                default: folder = argument
                }
            }
            guard !folder.isEmpty else { throw Usage() }
        }

        struct Usage: Error, CustomStringConvertible {
            let description = "usage: jobs-bench FOLDER [--postgres URL] [--jobs N] [--callers N]"
        }
    }

    struct Report {
        private var lines: [String] = []

        mutating func add(_ name: String, _ rate: Rate) {
            let processor = String(format: "%.1f", rate.processorMicroseconds)
            lines.append("\(Int(rate.perSecond))\t\(processor)\t\(name)")
            FileHandle.standardError.write(Data("\(name): \(Int(rate.perSecond))/s, \(processor) µs\n".utf8))
        }

        func print() { for line in ["a second\tCPU µs each\t"] + lines { Swift.print(line) } }
    }
}
