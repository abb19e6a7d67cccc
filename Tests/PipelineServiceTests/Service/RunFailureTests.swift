import Foundation
import GoogleAPIContract
import Jobs
import PipelineContract
import SwiftProtobuf
import Testing
import Wire

@testable import Persistence
@testable import PipelineService

@Suite("Runs that end otherwise")
struct RunFailureTests {
    private typealias Pipelines = Datavault_Pipeline_V1_PipelinesService
    private typealias Datasets = Datavault_Pipeline_V1_DatasetsService

    /// A pipeline over the numbers 0 to 99 with one rule that `n < 90` breaks a tenth of.
    private func ruled(_ bed: PipelineBed, _ action: FailureActionMessage, _ fraction: Double?) async throws
        -> RunMessage
    {
        let file = try await bed.upload("n\n" + (0..<100).map { "\($0)\n" }.joined())
        let pipeline = try await bed.makePipeline {
            $0.input.file = file.name
            $0.steps = [.rule("small", "n < 90", action, fraction: fraction)]
        }
        return try await bed.end(of: try await bed.start(pipeline.name).name)
    }

    @Test("by a rule's threshold fail at their end, and keep what they wrote")
    func threshold() async throws {
        try await withPipelines(.sqlite) { bed in
            let fine = try await ruled(bed, .quarantine, 0.1)
            #expect((fine.state, fine.writtenRowCount, fine.quarantinedRowCount) == (.succeeded, 90, 10))
            let over = try await ruled(bed, .quarantine, 0.09)
            #expect(
                (over.state, over.failure.reason, over.failure.field)
                    == (.failed, .ruleThresholdExceeded, "pipeline.steps[0].rule"))
            #expect((over.writtenRowCount, over.quarantinedRowCount) == (90, 10))
            let kept = try await ruled(bed, .keep, 0.09)
            #expect((kept.state, kept.writtenRowCount, kept.rules.first?.failedRowCount) == (.succeeded, 100, 10))
            #expect(kept.rules.first?.thresholdExceeded == true)
            let failed = try await ruled(bed, .fail, nil)
            #expect((failed.state, failed.failure.reason, failed.writtenRowCount) == (.failed, .stepFailed, 0))
        }
    }

    @Test("by too many rows set aside")
    func quarantineLimit() async throws {
        var bounds = PipelineBounds()
        bounds.quarantinedRows = 9
        try await withPipelines(.sqlite, bounds: bounds) { bed in
            let run = try await ruled(bed, .quarantine, nil)
            #expect((run.state, run.failure.reason) == (.failed, .runLimitReached))
        }
    }

    @Test("by the dataset's deletion, or the file's")
    func deletions() async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let file = try await bed.upload("n\n1\n")
            let target = try await bed.makeDataset([("n", .integer)])
            let pipeline = try await bed.makePipeline {
                $0.input.file = file.name
                $0.output.dataset = target.name
            }
            let first = try await bed.start(pipeline.name)
            _ = try await bed.datasets.deleteDataset(
                .with { $0.name = target.name }, options: try bed.by(nil, Datasets.Methods.deleteDataset))
            let second = try await bed.makePipeline { $0.input.file = file.name }
            let other = try await bed.start(second.name)
            _ = try await bed.files.deleteFile(
                .with { $0.name = file.name },
                options: try bed.by(nil, Datavault_Pipeline_V1_FilesService.Methods.deleteFile))
            let worker = JobWorker(bed.core.queue, handlers: [RunJob.handler(bed.core)])
            let working = Task { try? await worker.run() }
            let ends = (try await bed.end(of: first.name), try await bed.end(of: other.name))
            working.cancel()
            _ = await working.value
            // Of the first the file went, too: whichever is found first is told.
            #expect(ends.0.state == .failed && [.datasetGone, .inputUnreadable].contains(ends.0.failure.reason))
            #expect(ends.1.state == .failed && ends.1.failure.reason == .inputUnreadable)
        }
    }

    @Test("by cancelling: one that waits at once, one that works soon, one that ended never", arguments: pipelineStores)
    func cancel(_ kind: Store.Kind) async throws {
        var bounds = PipelineBounds()
        bounds.format.maximumBatchRows = 10
        try await withPipelines(kind, bounds: bounds, hasWorker: false) { bed in
            let file = try await bed.upload("n\n" + (0..<20_000).map { "\($0)\n" }.joined(), piece: 50_000)
            let pipeline = try await bed.makePipeline { $0.input.file = file.name }
            let waiting = try await bed.start(pipeline.name)
            let cancelled = try await bed.cancel(waiting.name)
            #expect(cancelled.state == .cancelled && cancelled.hasEndTime)

            let working = try await bed.start(pipeline.name)
            let refused = try await pipelineRefusal {
                try await bed.pipelines.deletePipeline(
                    .with { $0.name = pipeline.name }, options: try bed.by(nil, Pipelines.Methods.deletePipeline))
            }
            #expect((refused.code, refused.reason) == (.failedPrecondition, "PIPELINE_RUNNING"))
            let worker = JobWorker(bed.core.queue, handlers: [RunJob.handler(bed.core)])
            let task = Task { try? await worker.run() }
            while try await bed.run(working.name).readRowCount == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let asked = try await bed.cancel(working.name)
            #expect(asked.state == .cancelling)
            let end = try await bed.end(of: working.name)
            #expect(end.state == .cancelled && end.readRowCount < 20_000)
            let dataset = try await bed.dataset(end.dataset)
            #expect(dataset.rowCount == end.writtenRowCount && end.writtenRowCount == end.readRowCount)
            let late = try await pipelineRefusal { try await bed.cancel(working.name) }
            #expect((late.code, late.reason) == (.failedPrecondition, "RUN_ENDED"))
            task.cancel()
            _ = await task.value
            _ = try await bed.pipelines.deletePipeline(
                .with { $0.name = pipeline.name }, options: try bed.by(nil, Pipelines.Methods.deletePipeline))
        }
    }

    @Test("without their worker are ended by the keeper")
    func abandoned() async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let file = try await bed.upload("n\n1\n")
            let pipeline = try await bed.makePipeline { $0.input.file = file.name }
            let run = try await bed.start(pipeline.name)
            let jobs = try await bed.core.queue.list(of: bed.caller.organization, pageSize: 10)
            _ = try await bed.core.queue.cancel(try #require(jobs.jobs.first?.id))
            try await RunKeeper(core: bed.core).keep()
            let end = try await bed.run(run.name)
            #expect((end.state, end.failure.reason) == (.failed, .runAbandoned))
        }
    }
}
