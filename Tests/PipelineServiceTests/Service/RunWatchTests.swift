import Persistence
import PipelineContract
import SwiftProtobuf
import Testing
import Wire

@testable import PipelineService

/// Streams that follow runs, and their bounds.
@Suite("Watchers of runs")
struct RunWatchTests {
    private typealias Runs = Datavault_Pipeline_V1_RunsService

    @Test("leave places for other organizations", arguments: pipelineStores)
    func share(_ kind: Store.Kind) async throws {
        var bounds = PipelineBounds()
        (bounds.watchers, bounds.ownWatchers) = (3, 2)
        try await withPipelines(kind, bounds: bounds, hasWorker: false) { bed in
            let other = PipelineCaller()
            func watch(_ name: String, _ caller: PipelineCaller?) async throws -> Task<Void, any Error> {
                let responses = try await bed.runs.watchRun(
                    .with { $0.name = name }, options: try bed.by(caller, Runs.Methods.watchRun))
                let told = AsyncStream.makeStream(of: Void.self)
                let task = Task {
                    defer { told.continuation.finish() }
                    for try await _ in responses { told.continuation.yield() }
                }
                for await _ in told.stream { break }
                return task
            }
            func started(_ caller: PipelineCaller?) async throws -> String {
                let dataset = try await bed.makeDataset([("title", .text)], by: caller)
                let pipeline = try await bed.makePipeline(by: caller) { $0.input.dataset = dataset.name }
                return try await bed.start(pipeline.name, by: caller).name
            }
            let (mine, others) = (try await started(nil), try await started(other))
            let watching = [try await watch(mine, nil), try await watch(mine, nil)]
            let refused = try await pipelineRefusal { try await bed.watch(mine) }
            #expect((refused.code, refused.reason) == (.resourceExhausted, "LIMIT_REACHED"))
            #expect(refused.metadata["maximum"] == "2")
            let third = try await watch(others, other)
            // All are told the end, by one look at each.
            _ = try await bed.cancel(mine)
            _ = try await bed.cancel(others, by: other)
            for task in watching + [third] { try await task.value }
        }
    }
}
