import ComplianceContract
import Foundation
import GoogleAPIContract
import PipelineContract
import SwiftProtobuf
import Testing
import Wire

@testable import Persistence
@testable import PipelineService

@Suite("Pipelines")
struct PipelineTests {
    private typealias Pipelines = Datavault_Pipeline_V1_PipelinesService

    private static let columns: [(String, ColumnTypeMessage)] = [("title", .text), ("price", .number)]

    @Test("is made, read, listed, changed and deleted", arguments: pipelineStores)
    func life(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let made = try await bed.makePipeline {
                $0.input.schema = .columns(Self.columns)
                $0.steps = [.filter("price > 10.0"), .derive("label", "title + '!'"), .rule("named", "title != ''")]
            }
            #expect(made.outputSchema.text == ["title text", "price number", "label text"])
            let read = try await bed.pipelines.getPipeline(
                .with { $0.name = made.name }, options: try bed.by(nil, Pipelines.Methods.getPipeline))
            #expect(read == made)
            let list = try await bed.pipelines.listPipelines(
                .init(), options: try bed.by(nil, Pipelines.Methods.listPipelines))
            #expect(list.pipelines == [made])

            let changed = try await bed.pipelines.updatePipeline(
                .with {
                    $0.pipeline.name = made.name
                    $0.pipeline.etag = made.etag
                    $0.pipeline.steps = [.select("title")]
                    $0.updateMask = .init(protoPaths: "steps")
                }, options: try bed.by(nil, Pipelines.Methods.updatePipeline))
            #expect(changed.outputSchema.text == ["title text"])
            #expect((changed.displayName, changed.etag) == (made.displayName, "v2"))
            let stale = try await pipelineRefusal {
                try await bed.pipelines.updatePipeline(
                    .with {
                        $0.pipeline.name = made.name
                        $0.pipeline.etag = made.etag
                        $0.pipeline.displayName = "Other"
                        $0.updateMask = .init(protoPaths: "display_name")
                    }, options: try bed.by(nil, Pipelines.Methods.updatePipeline))
            }
            #expect(stale.reason == "ETAG_MISMATCH")
            let broken = try await pipelineRefusal {
                try await bed.pipelines.updatePipeline(
                    .with {
                        $0.pipeline.name = made.name
                        $0.pipeline.steps = [.filter("cost > 1.0")]
                        $0.updateMask = .init(protoPaths: "steps")
                    }, options: try bed.by(nil, Pipelines.Methods.updatePipeline))
            }
            #expect((broken.reason, broken.fields) == ("INVALID_EXPRESSION", ["pipeline.steps[0].filter.expression"]))

            _ = try await bed.pipelines.deletePipeline(
                .with { $0.name = made.name }, options: try bed.by(nil, Pipelines.Methods.deletePipeline))
            let gone = try await pipelineRefusal {
                try await bed.pipelines.getPipeline(
                    .with { $0.name = made.name }, options: try bed.by(nil, Pipelines.Methods.getPipeline))
            }
            #expect(gone.reason == "RESOURCE_UNKNOWN")
            let events = try await bed.events()
            #expect(events.map(\.action) == ["pipeline.create", "pipeline.update", "pipeline.delete"])
            #expect(events[1].before != events[1].after && !events[1].before.isEmpty)
        }
    }

    @Test("keeps every kind of step as it was sent", arguments: pipelineStores)
    func steps(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let steps: [StepMessage] = [
                .with { $0.rename.columns = ["title": "name"] },
                .with {
                    $0.cast.column = "price"
                    $0.cast.type = .text
                    $0.cast.onFailure = .keep
                },
                .filter("price != ''"), .derive("length", "size(name)"), .dedupe("name", "price"),
                .rule("long", "length > 3", .keep, fraction: 0.25), .rule("any", "true", .fail),
                .select("length", "name"),
            ]
            let made = try await bed.makePipeline {
                $0.input.schema = .columns(Self.columns)
                $0.steps = steps
            }
            #expect(made.steps == steps)
            #expect(made.outputSchema.text == ["length integer", "name text"])
            let read = try await bed.pipelines.getPipeline(
                .with { $0.name = made.name }, options: try bed.by(nil, Pipelines.Methods.getPipeline))
            #expect(read.steps == steps)
        }
    }

    /// A pipeline that is wrong: its steps, and what the answer names.
    struct Wrong: Sendable, CustomTestStringConvertible {
        var steps: [StepMessage]
        var reason: String
        var field: String
        var line = ""
        var column = ""
        var testDescription: String { "\(field) \(reason)" }
    }

    static let wrong: [Wrong] = [
        Wrong(
            steps: [.filter("price >")], reason: "INVALID_EXPRESSION", field: "pipeline.steps[0].filter.expression",
            line: "1", column: "8"),
        Wrong(
            steps: [.filter("price > 1.0 &&\n  cost < 2.0")], reason: "INVALID_EXPRESSION",
            field: "pipeline.steps[0].filter.expression", line: "2", column: "3"),
        Wrong(
            steps: [.filter("price")], reason: "INVALID_EXPRESSION", field: "pipeline.steps[0].filter.expression",
            line: "1", column: "1"),
        Wrong(
            steps: [.filter("true"), .derive("x", "title + 1")], reason: "INVALID_EXPRESSION",
            field: "pipeline.steps[1].derive.expression", line: "1", column: "7"),
        Wrong(
            steps: [.filter("true"), .filter("true"), .rule("r", "nosuch(title)")], reason: "INVALID_EXPRESSION",
            field: "pipeline.steps[2].rule.expression", line: "1", column: "1"),
        Wrong(steps: [.select("title", "cost")], reason: "INVALID_STEP", field: "pipeline.steps[0].select.columns[1]"),
        Wrong(steps: [.dedupe("cost")], reason: "INVALID_STEP", field: "pipeline.steps[0].dedupe.columns[0]"),
        Wrong(
            steps: [.with { $0.rename.columns = ["cost": "x", "title": "y"] }], reason: "INVALID_STEP",
            field: "pipeline.steps[0].rename.columns[\"cost\"]"),
        Wrong(
            steps: [.rule("a", "true"), .rule("a", "true")], reason: "INVALID_STEP",
            field: "pipeline.steps[1].rule.name"),
    ]

    @Test("says where it is wrong, when saved and when validated", arguments: wrong)
    func problems(_ wrong: Wrong) async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let refused = try await pipelineRefusal {
                try await bed.makePipeline {
                    $0.input.schema = .columns(Self.columns)
                    $0.steps = wrong.steps
                }
            }
            #expect((refused.code, refused.reason, refused.fields) == (.invalidArgument, wrong.reason, [wrong.field]))
            #expect(refused.metadata["line"] ?? "" == wrong.line && refused.metadata["column"] ?? "" == wrong.column)
            let validation = try await bed.pipelines.validatePipeline(
                .with {
                    $0.pipeline.displayName = "x"
                    $0.pipeline.input.schema = .columns(Self.columns)
                    $0.pipeline.steps = wrong.steps
                    $0.pipeline.output.newDataset.displayName = "y"
                }, options: try bed.by(nil, Pipelines.Methods.validatePipeline))
            let problem = try #require(validation.problems.first)
            #expect((problem.field, problem.reason.reason) == (wrong.field, wrong.reason))
            #expect(problem.line == Int32(wrong.line) ?? 0 && problem.column == Int32(wrong.column) ?? 0)
            #expect(validation.inputSchema.text == ["title text", "price number"])
        }
    }

    @Test("knows the columns of a file, and of a dataset", arguments: pipelineStores)
    func sources(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let file = try await bed.upload("a,b\n1,x\n")
            let ofFile = try await bed.makePipeline {
                $0.input.file = file.name
                $0.steps = [.derive("c", "a * 2")]
            }
            #expect(ofFile.outputSchema.text == ["a integer", "b text", "c integer"])
            let set = try await bed.makeDataset(Self.columns)
            let ofSet = try await bed.makePipeline { $0.input.dataset = set.name }
            #expect(ofSet.outputSchema.text == ["title text", "price number"])
            let mismatch = try await pipelineRefusal {
                try await bed.makePipeline {
                    $0.input.file = file.name
                    $0.output.dataset = set.name
                }
            }
            #expect((mismatch.code, mismatch.reason) == (.failedPrecondition, "SCHEMA_MISMATCH"))
            #expect(mismatch.metadata["column"] == "a")
        }
    }

    @Test("names only what is there")
    func references() async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let absent = UUID().uuidString.lowercased()
            let stranger = PipelineCaller()
            let foreign = try await bed.makeDataset(Self.columns, by: stranger)
            let file = try await pipelineRefusal { try await bed.makePipeline { $0.input.file = "files/\(absent)" } }
            #expect((file.code, file.reason) == (.failedPrecondition, "REFERENCE_UNKNOWN"))
            #expect(file.metadata == ["field": "pipeline.input.file", "name": "files/\(absent)"])
            let output = try await pipelineRefusal {
                try await bed.makePipeline { $0.output.dataset = foreign.name }
            }
            #expect(output.metadata == ["field": "pipeline.output.dataset", "name": foreign.name])
        }
    }

    @Test("breaks rules of the contract, and each broken field is named")
    func contract() async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let refused = try await pipelineRefusal {
                try await bed.pipelines.createPipeline(
                    .with {
                        $0.pipeline.displayName = ""
                        $0.pipeline.steps = [.filter(""), .init()]
                        $0.requestID = "no"
                    }, options: try bed.by(nil, Pipelines.Methods.createPipeline))
            }
            #expect((refused.code, refused.reason) == (.invalidArgument, "FIELDS_INVALID"))
            #expect(
                Set(refused.fields).isSuperset(of: [
                    "pipeline.display_name", "pipeline.output", "pipeline.steps[0].filter.expression", "request_id",
                ]))
        }
    }
}
