import ComplianceContract
import Foundation
import GoogleAPIContract
import PipelineContract
import SwiftProtobuf
import Testing
import Wire

@testable import Persistence
@testable import PipelineService

@Suite("Runs")
struct RunTests {
    private typealias Runs = Datavault_Pipeline_V1_RunsService

    private static let prices = """
        title,price
        Lamp,12.5
        Chair,7
        Lamp,12.5
        Table,-3
        Sofa,99

        """

    @Test("turn a file into a dataset: filter, derive, dedupe and a rule", arguments: pipelineStores)
    func fileToDataset(_ kind: Store.Kind) async throws {
        try await withPipelines(kind) { bed in
            let file = try await bed.upload(Self.prices)
            let pipeline = try await bed.makePipeline {
                $0.input.file = file.name
                $0.steps = [
                    .filter("title != 'Chair'"), .dedupe("title"), .rule("positive", "price > 0.0"),
                    .derive("gross", "price * 2.0"), .select("title", "gross"),
                ]
            }
            let started = try await bed.start(pipeline.name)
            #expect(started.state == .pending && started.name.hasPrefix("\(pipeline.name)/runs/"))
            let told = try await bed.watch(started.name)
            let run = try #require(told.last)
            #expect(run.state == .succeeded, "\(run)")
            #expect((run.readRowCount, run.writtenRowCount, run.quarantinedRowCount) == (5, 2, 1))
            #expect((run.filteredRowCount, run.duplicateRowCount) == (1, 1))
            #expect(run.steps.map(\.kind) == ["filter", "dedupe", "rule", "derive", "select"])
            #expect(run.steps.map(\.inRowCount) == [5, 4, 3, 2, 2])
            #expect(run.steps.map(\.outRowCount) == [4, 3, 2, 2, 2])
            #expect(run.rules.map(\.rule) == ["positive"])
            #expect((run.rules[0].checkedRowCount, run.rules[0].failedRowCount) == (3, 1))
            #expect(run.progress == 1 && run.hasStartTime && run.hasEndTime && run.initiator == bed.caller.subject)
            #expect(zip(told, told.dropFirst()).allSatisfy { $0.readRowCount <= $1.readRowCount })

            let csv = try await bed.export(run.dataset)
            #expect(
                csv.text == "title,gross\nLamp,25\nSofa,198\n" || csv.text == "title,gross\nLamp,25.0\nSofa,198.0\n")
            let aside = try await bed.quarantine(run.name)
            #expect(aside.count == 1)
            let row = try #require(aside.first)
            #expect((row.inputRow, row.step, row.rule, row.reason) == (4, 2, "positive", .ruleFailed))
            #expect(row.row == RowObject(["title": "Table", "price": -3]))
            let dataset = try await bed.dataset(run.dataset)
            #expect(dataset.displayName == "Clean prices" && dataset.rowCount == 2)
            let actions = try await bed.events().map(\.action)
            #expect(
                actions == [
                    "file.upload", "pipeline.create", "run.start", "dataset.create", "run.end", "dataset.export",
                ])
        }
    }

    @Test("of a dataset read the version that it has at the start, and append to another", arguments: pipelineStores)
    func datasetToDataset(_ kind: Store.Kind) async throws {
        try await withPipelines(kind) { bed in
            let source = try await bed.makeDataset([("n", .integer), ("note", .text)])
            for start in [0, 10] as [Int64] {
                try await bed.append(
                    (start..<(start + 10)).map { RowObject(["n": .init(integerLiteral: $0)]) }, to: source.name)
            }
            let target = try await bed.makeDataset([("half", .number), ("n", .number), ("extra", .text)])
            let pipeline = try await bed.makePipeline {
                $0.input.dataset = source.name
                $0.steps = [.derive("half", "double(n) / 2.0"), .select("n", "half")]
                $0.output.dataset = target.name
            }
            let run = try await bed.end(of: try await bed.start(pipeline.name).name)
            #expect(run.state == .succeeded && run.dataset == target.name, "\(run)")
            let rows = try await bed.rows(target.name)
            #expect(rows.count == 20)
            #expect(rows[7].fields["half"] == 3.5 && rows[7].fields["n"] == 7)
            #expect(rows[7].fields["extra"]?.kind == .nullValue(.nullValue))
            let again = try await bed.end(of: try await bed.start(pipeline.name).name)
            let after = try await bed.dataset(target.name)
            #expect(again.writtenRowCount == 20 && after.rowCount == 40)
        }
    }

    @Test("of large files commit batch by batch", arguments: pipelineStores)
    func batches(_ kind: Store.Kind) async throws {
        var bounds = PipelineBounds()
        bounds.partBytes = 10_000
        bounds.format.maximumBatchRows = 500
        try await withPipelines(kind, bounds: bounds) { bed in
            let text = "n,text\n" + (0..<5_000).map { "\($0),text \($0)\n" }.joined()
            let file = try await bed.upload(text, piece: 9_999)
            let pipeline = try await bed.makePipeline {
                $0.input.file = file.name
                $0.steps = [.filter("n % 3 == 0"), .dedupe("text")]
            }
            let run = try await bed.end(of: try await bed.start(pipeline.name).name)
            #expect(run.state == .succeeded, "\(run)")
            let dataset = try await bed.dataset(run.dataset)
            #expect(dataset.rowCount == 1_667 && dataset.version >= 10)
            let csv = try await bed.export(run.dataset)
            let expected = "n,text\n" + (0..<5_000).filter { $0 % 3 == 0 }.map { "\($0),text \($0)\n" }.joined()
            #expect(csv.text == expected)
            // What only a run that goes on needs is gone.
            let states = try await bed.core.store.system(.pipelineTest).read { tx in
                try tx.value(Int.self, "SELECT COUNT(*) FROM run_states") ?? -1
            }
            #expect(states == 0)
        }
    }

    @Test("set records aside that cannot be read, with their text")
    func unreadableRecords() async throws {
        try await withPipelines(.sqlite) { bed in
            let file = try await bed.upload("a,b\n1,x\n2\n3,y\n", named: "ragged.csv")
            let pipeline = try await bed.makePipeline { $0.input.file = file.name }
            let run = try await bed.end(of: try await bed.start(pipeline.name).name)
            #expect(
                (run.state, run.readRowCount, run.writtenRowCount, run.quarantinedRowCount) == (.succeeded, 3, 2, 1))
            let row = try #require(try await bed.quarantine(run.name).first)
            #expect((row.inputRow, row.hasStep, row.reason) == (2, false, .rowUnreadable))
            #expect(row.row.fields["text"]?.stringValue.hasPrefix("2") == true)
        }
    }

    @Test("read a file as the columns that the pipeline expects")
    func expectedColumns() async throws {
        try await withPipelines(.sqlite) { bed in
            let file = try await bed.upload("id,zip\n1,01234\n2,98765\n")
            let pipeline = try await bed.makePipeline {
                $0.input.schema = .columns([("zip", .text)])
                $0.steps = [.derive("east", "zip.startsWith('0')")]
            }
            let run = try await bed.end(of: try await bed.start(pipeline.name) { $0.input.file = file.name }.name)
            #expect(run.state == .succeeded, "\(run)")
            let csv = try await bed.export(run.dataset)
            #expect(csv.text == "zip,east\n01234,true\n98765,false\n")
            let other = try await bed.upload("id,city\n1,Rome\n")
            let failed = try await bed.end(of: try await bed.start(pipeline.name) { $0.input.file = other.name }.name)
            #expect((failed.state, failed.failure.reason) == (.failed, .schemaMismatch))
            #expect(failed.dataset.isEmpty)
        }
    }

    @Test("need an input")
    func noInput() async throws {
        try await withPipelines(.sqlite) { bed in
            let pipeline = try await bed.makePipeline { $0.input.schema = .columns([("a", .text)]) }
            let refused = try await pipelineRefusal { try await bed.start(pipeline.name) }
            #expect((refused.code, refused.reason) == (.failedPrecondition, "INPUT_MISSING"))
        }
    }

    @Test("start once under one request_id, and are another organization's business", arguments: pipelineStores)
    func replayAndIsolation(_ kind: Store.Kind) async throws {
        try await withPipelines(kind) { bed in
            let file = try await bed.upload(Self.prices)
            let pipeline = try await bed.makePipeline { $0.input.file = file.name }
            let id = UUID().uuidString
            let first = try await bed.start(pipeline.name, requestID: id)
            let again = try await bed.start(pipeline.name, requestID: id)
            #expect(first == again)
            _ = try await bed.end(of: first.name)
            let list = try await bed.runs.listRuns(
                .with { $0.parent = "pipelines/-" }, options: try bed.by(nil, Runs.Methods.listRuns))
            #expect(list.runs.map(\.name) == [first.name])
            let done = try await bed.runs.listRuns(
                .with {
                    $0.parent = pipeline.name
                    $0.state = .cancelled
                }, options: try bed.by(nil, Runs.Methods.listRuns))
            #expect(done.runs.isEmpty)
            let stranger = PipelineCaller()
            let read = try await pipelineRefusal { try await bed.run(first.name, by: stranger) }
            let start = try await pipelineRefusal { try await bed.start(pipeline.name, by: stranger) }
            let cancel = try await pipelineRefusal { try await bed.cancel(first.name, by: stranger) }
            #expect([read, start, cancel].allSatisfy { $0.reason == "RESOURCE_UNKNOWN" && $0.code == .notFound })
            let other = try await bed.makePipeline { $0.input.file = file.name }
            let misplaced = first.name.replacing(pipeline.name, with: other.name)
            let wrongParent = try await pipelineRefusal { try await bed.run(misplaced) }
            #expect(wrongParent.reason == "RESOURCE_UNKNOWN")
        }
    }

    @Test("that append to one dataset at once lose and repeat nothing", arguments: pipelineStores)
    func concurrent(_ kind: Store.Kind) async throws {
        var bounds = PipelineBounds()
        bounds.format.maximumBatchRows = 100
        try await withPipelines(kind, bounds: bounds) { bed in
            let target = try await bed.makeDataset([("n", .integer)])
            var runs: [String] = []
            for start in [0, 10_000] {
                let text = "n\n" + (start..<(start + 2_000)).map { "\($0)\n" }.joined()
                let file = try await bed.upload(text, piece: 100_000)
                let pipeline = try await bed.makePipeline {
                    $0.input.file = file.name
                    $0.output.dataset = target.name
                }
                runs.append(try await bed.start(pipeline.name).name)
            }
            for run in runs {
                let end = try await bed.end(of: run)
                #expect(end.state == .succeeded && end.writtenRowCount == 2_000, "\(end)")
            }
            let rows = try await bed.rows(target.name, size: 1_000).compactMap {
                $0.fields["n"].map { Int($0.numberValue) }
            }
            #expect(rows.count == 4_000 && Set(rows) == Set(0..<2_000).union(10_000..<12_000))
            // Each run's rows are in its own order.
            #expect(rows.filter { $0 < 10_000 } == Array(0..<2_000))
        }
    }
}
