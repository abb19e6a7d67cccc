import Foundation
import Jobs
import Persistence

// A worker in a process of its own, for tests that kill it.
//   jobs-probe STORE FILE
// STORE is a SQLite file or postgresql://…. Each job's effect inside of the store is a row, written with its end; the
// one outside is its id appended to FILE.
@main struct JobsProbe {
    static let kind = JobKind<[UInt8]>(bytes: "storm")

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { fatalError("usage: jobs-probe STORE FILE") }
        var configuration: StoreConfiguration =
            arguments[1].contains("://") ? .postgres(arguments[1]) : .sqlite(path: arguments[1])
        configuration.pool.acquireTimeout = .seconds(60)
        let queue = JobQueue(try Store(configuration))
        let handler = JobHandler(kind, concurrency: 64, backoff: Backoff(first: .milliseconds(5))) { _, context in
            let id = context.job.id
            try append("\(id)\n", to: arguments[2])
            let modes: [TransactionMode] = [.serializable, .readCommitted]
            try await context.complete(modes[Int(id.rawValue % 2)]) { tx in
                _ = try tx.run("INSERT INTO effects (organization, job) VALUES (\(.organization), \(id))")
            }
        }
        // Whose ends are written with others'.
        let batched = JobHandler(JobKind<[UInt8]>(bytes: "storm.batched"), concurrency: 64) { _, context in
            try append("\(context.job.id)\n", to: arguments[2])
        }
        var worker = WorkerConfiguration()
        worker.concurrency = 64
        worker.lease = .milliseconds(1500)
        worker.heartbeat = .milliseconds(300)
        worker.maintenance = .milliseconds(300)
        worker.poll = .milliseconds(50)
        FileHandle.standardOutput.write(Data("ready\n".utf8))
        try await JobWorker(queue, handlers: [handler, batched], configuration: worker).run()
    }

    /// In one write, so that lines of several processes do not mix.
    private static func append(_ line: String, to file: String) throws {
        let descriptor = unsafe open(file, O_WRONLY | O_APPEND)
        guard descriptor >= 0 else { throw POSIXError(.EIO) }
        defer { close(descriptor) }
        guard unsafe write(descriptor, line, line.utf8.count) == line.utf8.count else { throw POSIXError(.EIO) }
    }
}
