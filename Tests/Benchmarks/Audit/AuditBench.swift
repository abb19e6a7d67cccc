import ComplianceService
import Foundation
import Persistence

extension SystemReason { static let auditBench = SystemReason("measure") }

// Durable appends to the audit log a second, beside what the disk and the store themselves can do, in one run; then proofs
// of a large log.
//   audit-bench FOLDER [--postgres URL] [--entries N] [--seconds N]
@main struct AuditBench {
    private static let table = Migration(
        "bench numbers", up: [.sql("CREATE TABLE numbers (n BIGINT NOT NULL)")], down: [.sql("DROP TABLE numbers")])

    static func main() async throws {
        let options = Options(CommandLine.arguments)
        let folder = URL(filePath: options.folder)
        line("fdatasync of a 4 KiB append to a file", "\(rate(try syncs(folder, options.seconds), options.seconds))/s")
        var configuration =
            options.postgres.map { StoreConfiguration.postgres($0) }
            ?? .sqlite(path: folder.appending(path: "audit-bench.db").path)
        configuration.pool.acquireTimeout = .seconds(120)
        configuration.pool.maximumWaiters = 100_000
        let store = try Store(configuration)
        try await Migrator(AuditProbe.migrations + [table]).migrate(store)
        let commits = try await many(1, options.seconds) { _ in
            try await store.system(.auditBench).write(.readCommitted) { tx in
                _ = try tx.run("INSERT INTO numbers (n) VALUES (\(1))")
            }
        }
        line("commits of a tiny row, one after the other", "\(rate(commits, options.seconds))/s")
        let probe = AuditProbe(store: store)
        // Behind what there is: a log that an earlier run has left is gone on with.
        var next = try await probe.size() + 1
        for (callers, batch) in [(1, 1), (64, 1), (1, 100), (4, 100), (8, 1_000)] {
            let numbers = Numbers(next)
            let calls = try await many(callers, options.seconds) { _ in
                try await probe.append(await numbers.take(batch))
            }
            next = await numbers.next
            let name = "appends, \(callers) callers with \(batch) events a call"
            line(name, "\(rate(calls * batch, options.seconds)) events/s")
        }
        try await large(probe, options, from: next)
        await store.close()
    }

    /// Fills a log and proves its entries.
    private static func large(_ probe: AuditProbe, _ options: Options, from first: Int64) async throws {
        var (next, size) = (first, try await probe.size())
        let begin = ContinuousClock.now
        let before = size
        while size < options.entries {
            let count = min(2_000, options.entries - size)
            try await probe.append(Array(next..<next + count))
            (next, size) = (next + count, size + count)
        }
        if size > before {
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            line("filling to \(size) entries", "\(Int(Double(size - before) / seconds)) events/s")
        }
        var (inclusion, consistency): ([Double], [Double]) = ([], [])
        for _ in 0..<2_000 {
            let index = Int64.random(in: 0..<size)
            inclusion.append(try await milliseconds { _ = try await probe.inclusion(of: index) })
            consistency.append(try await milliseconds { _ = try await probe.consistency(from: index + 1) })
        }
        line("inclusion proof with root at \(size) entries", quantiles(inclusion))
        line("consistency proof at \(size) entries", quantiles(consistency))
        line("resident memory", "\(residentMebibytes()) MiB")
    }

    private static func milliseconds(_ body: () async throws -> Void) async rethrows -> Double {
        let begin = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - begin) / .milliseconds(1)
    }

    private static func quantiles(_ values: [Double]) -> String {
        let sorted = values.sorted()
        func at(_ share: Double) -> String { String(format: "%.3f", sorted[Int(Double(sorted.count - 1) * share)]) }
        return "median \(at(0.5)) ms, 99 % \(at(0.99)) ms"
    }

    /// - Returns: How many calls all callers made together.
    private static func many(
        _ callers: Int, _ seconds: Double, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> Int {
        let begin = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now - begin < .seconds(seconds) {
                        try await body(caller)
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
    }

    private static func syncs(_ folder: URL, _ seconds: Double) throws -> Int {
        let file = folder.appending(path: "sync-\(UUID().uuidString)").path
        let descriptor = unsafe open(file, O_CREAT | O_WRONLY | O_APPEND, 0o600)
        guard descriptor >= 0 else { throw POSIXError(.EIO) }
        defer {
            close(descriptor)
            unsafe unlink(file)
        }
        let (block, begin) = ([UInt8](repeating: 7, count: 4_096), ContinuousClock.now)
        var count = 0
        while ContinuousClock.now - begin < .seconds(seconds) {
            guard unsafe write(descriptor, block, block.count) == block.count, fdatasync(descriptor) == 0 else {
                throw POSIXError(.EIO)
            }
            count += 1
        }
        return count
    }

    private static func residentMebibytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1_024
    }

    private static func rate(_ count: Int, _ seconds: Double) -> Int { Int(Double(count) / seconds) }

    private static func line(_ name: String, _ value: String) {
        FileHandle.standardOutput.write(
            Data("\(name.padding(toLength: 52, withPad: " ", startingAt: 0))\(value)\n".utf8))
    }

    private struct Options {
        var folder = ""
        var postgres: String?
        var entries = Int64(1_000_000)
        var seconds = 3.0

        init(_ arguments: [String]) {
            var rest = arguments.dropFirst()
            while let argument = rest.popFirst() {
                switch argument {
                case "--postgres": postgres = rest.popFirst()
                case "--entries": entries = rest.popFirst().flatMap { Int64($0) } ?? entries
                case "--seconds": seconds = rest.popFirst().flatMap { Double($0) } ?? seconds
                default: folder = argument
                }
            }
        }
    }
}

/// Gives numbers that nobody else has.
private actor Numbers {
    private(set) var next: Int64

    init(_ first: Int64) { next = first }

    func take(_ count: Int) -> [Int64] {
        defer { next += Int64(count) }
        return Array(next..<next + Int64(count))
    }
}
