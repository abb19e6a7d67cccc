import Persistence
import PipelineContract
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// The calls about pipelines.
struct PipelinesHandler: Datavault_Pipeline_V1_PipelinesService.Handler {
    let core: PipelineCore

    func createPipeline(
        _ request: Datavault_Pipeline_V1_CreatePipelineRequest, context: ServerContext
    ) async throws -> PipelineMessage {
        let (core, now) = (core, core.now)
        let id = core.environment.identifier()
        let sent = try pipeline(request.pipeline, id: id, at: now)
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            try core.check(try PipelineStore.count(in: tx), below: core.bounds.pipelines, of: "pipelines")
            var new = sent
            new.outputSchema = try PlanCheck(new, bounds: core.bounds, in: tx).requireSound().output
            try PipelineStore.insert(new, in: tx)
            let message = PipelineMessage(new)
            try core.audit.record(intent, resource: message.name, after: MaskedText.of(message), in: tx)
            return message
        }
    }

    /// The pipeline that a message describes.
    private func pipeline(_ sent: PipelineMessage, id: String, at now: Int64) throws(PipelineFault) -> Pipeline {
        try TextRules.check(shown: sent.displayName, field: "pipeline.display_name")
        var steps: [PipelineStep] = []
        for (index, step) in sent.steps.enumerated() { steps.append(try step.step(at: index)) }
        return Pipeline(
            id: id, displayName: sent.displayName,
            input: try sent.input.spec(field: "pipeline.input", limits: core.bounds.plan.schema),
            definition: PipelineDefinition(steps: steps), output: try sent.output.spec(field: "pipeline.output"),
            createdAt: now, updatedAt: now)
    }

    func getPipeline(
        _ request: Datavault_Pipeline_V1_GetPipelineRequest, context: ServerContext
    ) async throws -> PipelineMessage {
        let organization = try CallRights.current().organization
        let id = try ResourceName.pipelines.identifier(in: request.name)
        let found = try await core.store.scoped(organization).read { tx in try PipelineStore.pipeline(id, in: tx) }
        guard let found else { throw PipelineFault.resourceUnknown(name: request.name) }
        return PipelineMessage(found)
    }

    func listPipelines(
        _ request: Datavault_Pipeline_V1_ListPipelinesRequest, context: ServerContext
    ) async throws -> Datavault_Pipeline_V1_ListPipelinesResponse {
        let organization = try CallRights.current().organization
        let binding = ["pipelines", organization.rawValue]
        let place = try TimePlace(request.pageToken, for: binding)
        let count = Page<Pipeline>.rows(request.pageSize)
        let rows = try await core.store.scoped(organization).read { tx in
            try PipelineStore.pipelines(after: place, count: count, in: tx)
        }
        let page = Page(rows, asked: request.pageSize, for: binding) { PageToken($0.createdAt, text: $0.id) }
        return .with {
            $0.pipelines = page.entries.map(PipelineMessage.init)
            $0.nextPageToken = page.nextToken
        }
    }

    private static let changeable = ["display_name", "input", "steps", "output"]

    func updatePipeline(
        _ request: Datavault_Pipeline_V1_UpdatePipelineRequest, context: ServerContext
    ) async throws -> PipelineMessage {
        let (core, now, sent) = (core, core.now, request.pipeline)
        let id = try ResourceName.pipelines.identifier(in: sent.name)
        let mask = try ResourceMask.read(request.updateMask.paths, sent, changeable: Self.changeable)
        try TextRules.check(shown: sent.displayName, field: "pipeline.display_name")
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try PipelineStore.pipeline(id, in: tx) else {
                throw PipelineFault.resourceUnknown(name: sent.name)
            }
            try Etag.check(sent.etag, old.version)
            let changed = try mask.applied(sent, to: PipelineMessage(old))
            var new = old
            new.displayName = changed.displayName
            if mask.contains("input") {
                new.input = try changed.input.spec(field: "pipeline.input", limits: core.bounds.plan.schema)
            }
            if mask.contains("steps") {
                new.definition = PipelineDefinition(steps: try changed.steps.enumerated().map { try $1.step(at: $0) })
            }
            if mask.contains("output") { new.output = try changed.output.spec(field: "pipeline.output") }
            new.outputSchema = try PlanCheck(new, bounds: core.bounds, in: tx).requireSound().output
            if new != old {
                (new.updatedAt, new.version) = (now, old.version + 1)
                try PipelineStore.update(new, in: tx)
            }
            let (before, after) = (PipelineMessage(old), PipelineMessage(new))
            try core.audit.record(
                intent, resource: after.name, before: MaskedText.of(before), after: MaskedText.of(after), in: tx)
            return after
        }
    }

    func deletePipeline(
        _ request: Datavault_Pipeline_V1_DeletePipelineRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let core = core
        let id = try ResourceName.pipelines.identifier(in: request.name)
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try PipelineStore.pipeline(id, in: tx) else {
                throw PipelineFault.resourceUnknown(name: request.name)
            }
            try Etag.check(request.etag, old.version)
            guard try !RunStore.isRunning(id, in: tx) else { throw PipelineFault.pipelineRunning }
            try PipelineStore.delete(id, in: tx)
            try core.audit.record(intent, resource: old.name, before: MaskedText.of(PipelineMessage(old)), in: tx)
            return Google_Protobuf_Empty()
        }
    }

    func validatePipeline(
        _ request: Datavault_Pipeline_V1_ValidatePipelineRequest, context: ServerContext
    ) async throws -> Datavault_Pipeline_V1_ValidatePipelineResponse {
        let (core, organization) = (core, try CallRights.current().organization)
        var response = Datavault_Pipeline_V1_ValidatePipelineResponse()
        do {
            let sent = try pipeline(request.pipeline, id: "", at: 0)
            let check = try await core.store.scoped(organization).read { tx in
                try PlanCheck(sent, bounds: core.bounds, in: tx)
            }
            response.problems = check.problems.map(Datavault_Pipeline_V1_Problem.init)
            if let input = check.input { response.inputSchema = SchemaMessage(input) }
            if let output = check.output { response.outputSchema = SchemaMessage(output) }
        } catch let fault as PipelineFault { response.problems = [Datavault_Pipeline_V1_Problem(fault)] }
        return response
    }
}

extension Datavault_Pipeline_V1_Problem {
    init(_ fault: PipelineFault) {
        self.init()
        field = fault.field ?? ""
        reason = fault.reason
        message = fault.message
        if case .invalidExpression(_, let text, let line, let column) = fault {
            (message, self.line, self.column) = (text, Int32(clamping: line), Int32(clamping: column))
        }
    }
}
