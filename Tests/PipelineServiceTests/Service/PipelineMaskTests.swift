import Persistence
import PipelineContract
import SwiftProtobuf
import Testing
import Wire

@testable import PipelineService

/// Updates whose mask names what lies within a field (AIP-134).
@Suite("Masks of pipelines")
struct PipelineMaskTests {
    private typealias Pipelines = Datavault_Pipeline_V1_PipelinesService
    private typealias Datasets = Datavault_Pipeline_V1_DatasetsService

    private func update(
        _ bed: PipelineBed, _ name: String, _ paths: [String], _ change: (inout PipelineMessage) -> Void
    ) async throws -> PipelineMessage {
        try await bed.pipelines.updatePipeline(
            .with {
                $0.pipeline.name = name
                change(&$0.pipeline)
                $0.updateMask.paths = paths
            }, options: try bed.by(nil, Pipelines.Methods.updatePipeline))
    }

    @Test("change what they name and nothing else", arguments: pipelineStores)
    func exact(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let columns: [(String, ColumnTypeMessage)] = [("title", .text)]
            let dataset = try await bed.makeDataset(columns)
            let made = try await bed.makePipeline { $0.input.schema = .columns(columns) }
            // The columns stay, where before they were dropped.
            let sourced = try await update(bed, made.name, ["input.dataset"]) { $0.input.dataset = dataset.name }
            #expect(sourced.input.dataset == dataset.name)
            #expect(sourced.input.schema == made.input.schema)
            let cleared = try await update(bed, made.name, ["input.dataset"]) { _ in }
            #expect(cleared.input.source == nil)
            #expect(cleared.input.schema == made.input.schema)
            // Of a choice, what is set takes the place of what was.
            let appending = try await update(bed, made.name, ["output.dataset"]) { $0.output.dataset = dataset.name }
            #expect(appending.output.dataset == dataset.name)
            let renamed = try await update(bed, made.name, ["output.new_dataset.display_name"]) {
                $0.output.newDataset.displayName = "Other"
            }
            #expect(renamed.output.newDataset.displayName == "Other")
        }
    }

    @Test("must name fields that there are", arguments: pipelineStores)
    func unknown(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let dataset = try await bed.makeDataset([("title", .text)])
            let made = try await bed.makePipeline { $0.input.schema = .columns([("title", .text)]) }
            for path in ["input.nosuch", "input..dataset", "input.*", "steps.select", "display_name.x"] {
                let refused = try await pipelineRefusal { try await update(bed, made.name, [path]) { _ in } }
                #expect((refused.code, refused.fields) == (.invalidArgument, ["update_mask"]), "\(path)")
            }
            let refused = try await pipelineRefusal {
                try await bed.datasets.updateDataset(
                    .with {
                        $0.dataset.name = dataset.name
                        $0.dataset.displayName = "Other"
                        $0.updateMask.paths = ["display_name.x"]
                    }, options: try bed.by(nil, Datasets.Methods.updateDataset))
            }
            #expect((refused.code, refused.fields) == (.invalidArgument, ["update_mask"]))
        }
    }
}
