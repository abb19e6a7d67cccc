import Foundation
import Jobs
import Logging
import Persistence
import ServiceKit

@testable import PipelineService

// The worker of pipelines' runs in a process of its own, for tests that kill it:
//   pipeline-probe STORE OBJECTS ROWS     a SQLite file or a PostgreSQL address, a folder, and rows of a batch
// It prints "ready" and works until it is killed.
let arguments = CommandLine.arguments
guard arguments.count == 4, let rows = Int(arguments[3]) else { exit(2) }
LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }

var configuration =
    arguments[1].hasPrefix("postgresql:")
    ? StoreConfiguration.postgres(arguments[1]) : StoreConfiguration.sqlite(path: arguments[1])
configuration.retry.attempts = 100
let store = try Store(configuration)
var core = PipelineCore(
    store: store, objects: try FolderObjectStore(arguments[2]), replay: Replay(store: store),
    audit: AuditOutbox(Outbox(store)), queue: JobQueue(store), work: WorkPool(threads: 1), scrape: NoJobs())
core.bounds.format.maximumBatchRows = rows
var terms = WorkerConfiguration()
// So that the next process need not wait long for what this one leaves.
terms.lease = .milliseconds(500)
terms.heartbeat = .milliseconds(100)
terms.maintenance = .milliseconds(100)
terms.poll = .milliseconds(20)
let worker = JobWorker(core.queue, handlers: [RunJob.handler(core)], configuration: terms)
FileHandle.standardOutput.write(Data("ready\n".utf8))
try await worker.run()

/// There is no scrape role here.
struct NoJobs: JobRecords {
    func open(
        _ job: String, after ordinal: Int64, for organization: OrganizationID, initiator: String
    ) async throws -> any JobRecordStream { throw PipelineFault.inputMissing }
}
