import Foundation
import PipelineContract
import SwiftProtobuf

typealias PipelineMessage = Datavault_Pipeline_V1_Pipeline
typealias InputMessage = Datavault_Pipeline_V1_Input
typealias OutputMessage = Datavault_Pipeline_V1_Output
typealias StepMessage = Datavault_Pipeline_V1_Step
typealias FailureActionMessage = Datavault_Pipeline_V1_FailureAction

extension PipelineMessage {
    init(_ pipeline: Pipeline) {
        self.init()
        name = pipeline.name
        displayName = pipeline.displayName
        self.setParts(pipeline)
        createTime = Google_Protobuf_Timestamp(microseconds: pipeline.createdAt)
        updateTime = Google_Protobuf_Timestamp(microseconds: pipeline.updatedAt)
        etag = Etag.text(pipeline.version)
    }

    fileprivate mutating func setParts(_ pipeline: Pipeline) {
        if pipeline.input != InputSpec() { input = InputMessage(pipeline.input) }
        steps = pipeline.definition.steps.map(StepMessage.init)
        output = OutputMessage(pipeline.output)
        if let schema = pipeline.outputSchema { outputSchema = SchemaMessage(schema) }
    }
}

/// How a pipeline is kept: as its message, without what has columns of its own.
extension Pipeline {
    func kept() throws -> [UInt8] {
        var message = PipelineMessage()
        message.setParts(self)
        return try message.serializedBytes()
    }

    init(
        kept: [UInt8], id: String, displayName: String, createdAt: Int64, updatedAt: Int64, version: Int64
    ) throws {
        let message = try PipelineMessage(serializedBytes: kept)
        let limits = SchemaLimits()
        self.init(
            id: id, displayName: displayName, input: try message.input.spec(field: "input", limits: limits),
            definition: PipelineDefinition(steps: try message.steps.enumerated().map { try $1.step(at: $0) }),
            output: try message.output.spec(field: "output"), createdAt: createdAt, updatedAt: updatedAt,
            version: version)
        if message.hasOutputSchema {
            outputSchema = try message.outputSchema.schema(field: "output_schema", limits: limits)
        }
    }
}

extension InputSpec {
    func kept() throws -> [UInt8] { try InputMessage(self).serializedBytes() }

    init(kept: [UInt8]) throws {
        self = try InputMessage(serializedBytes: kept).spec(field: "input", limits: SchemaLimits())
    }
}

extension InputMessage {
    init(_ input: InputSpec) {
        self.init()
        switch input.source {
        case .scrapeJob: scrapeJob = input.source?.name ?? ""
        case .file: file = input.source?.name ?? ""
        case .dataset: dataset = input.source?.name ?? ""
        case nil: break
        }
        if let columns = input.schema { schema = SchemaMessage(columns) }
    }

    /// What is to be read.
    ///
    /// - Parameter field: What the request calls it.
    func spec(field: String, limits: SchemaLimits) throws(PipelineFault) -> InputSpec {
        var spec = InputSpec()
        switch source {
        case .scrapeJob(let name): spec.source = .scrapeJob(try ResourceName.scrapeJobs.identifier(in: name))
        case .file(let name): spec.source = .file(try ResourceName.files.identifier(in: name))
        case .dataset(let name): spec.source = .dataset(try ResourceName.datasets.identifier(in: name))
        case nil: break
        }
        if hasSchema { spec.schema = try schema.schema(field: "\(field).schema", limits: limits) }
        return spec
    }
}

extension OutputMessage {
    init(_ output: OutputSpec) {
        self.init()
        switch output {
        case .dataset(let id): dataset = ResourceName.datasets.name(id)
        case .newDataset(let displayName): newDataset.displayName = displayName
        }
    }

    func spec(field: String) throws(PipelineFault) -> OutputSpec {
        switch target {
        case .dataset(let name): return .dataset(try ResourceName.datasets.identifier(in: name))
        case .newDataset(let new):
            try TextRules.check(shown: new.displayName, field: "\(field).new_dataset.display_name")
            return .newDataset(displayName: new.displayName)
        case nil: throw .fieldInvalid(field: field, problem: "must name a dataset")
        }
    }
}

extension StepMessage {
    init(_ step: PipelineStep) {
        self.init()
        switch step {
        case .select(let fields): select.columns = fields
        case .rename(let renamings):
            rename.columns = Dictionary(renamings.map { ($0.from, $0.to) }) { first, _ in first }
        case .cast(let step):
            cast.column = step.field
            cast.type = ColumnTypeMessage(step.type)
            cast.onFailure =
                switch step.onError {
                case .quarantine: .quarantine
                case .null: .keep
                case .fail: .fail
                }
        case .filter(let expression): filter.expression = expression
        case .derive(let name, let expression):
            derive.column = name
            derive.expression = expression
        case .dedupe(let keys): dedupe.columns = keys
        case .rule(let step):
            rule.name = step.name
            rule.expression = step.expression
            rule.onFailure =
                switch step.severity {
                case .quarantine: .quarantine
                case .warn: .keep
                case .fail: .fail
                }
            if let threshold = step.threshold { rule.maxFailedFraction = threshold }
        }
    }

    /// The step.
    ///
    /// - Parameter index: Its place, for the path of an error.
    func step(at index: Int) throws(PipelineFault) -> PipelineStep {
        switch kind {
        case .select(let step): return .select(fields: step.columns)
        case .rename(let step):
            // A map has no order of its own: that of names is one that stays.
            return .rename(
                step.columns.sorted { $0.key < $1.key }.map { PipelineStep.Renaming(from: $0.key, to: $0.value) })
        case .cast(let step):
            guard let type = step.type.type else {
                throw .fieldInvalid(field: "pipeline.steps[\(index)].cast.type", problem: "must be a type")
            }
            let onError: Cast.OnError =
                switch step.onFailure {
                case .keep: .null
                case .fail: .fail
                default: .quarantine
                }
            return .cast(Cast(field: step.column, type: type, onError: onError))
        case .filter(let step): return .filter(expression: step.expression)
        case .derive(let step): return .derive(name: step.column, expression: step.expression)
        case .dedupe(let step): return .dedupe(keys: step.columns)
        case .rule(let step):
            try TextRules.check(shown: step.name, field: "pipeline.steps[\(index)].rule.name")
            let severity: QualityRule.Severity =
                switch step.onFailure {
                case .keep: .warn
                case .fail: .fail
                default: .quarantine
                }
            return .rule(
                QualityRule(
                    name: step.name, expression: step.expression, severity: severity,
                    threshold: step.hasMaxFailedFraction ? step.maxFailedFraction : nil))
        case nil: throw .fieldInvalid(field: "pipeline.steps[\(index)]", problem: "must say what is done")
        }
    }
}
