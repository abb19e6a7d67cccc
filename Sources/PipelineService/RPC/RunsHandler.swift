import Jobs
import Persistence
import PipelineContract
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Synchronization
import Wire

/// The calls about runs.
struct RunsHandler: Datavault_Pipeline_V1_RunsService.Handler {
    let core: PipelineCore
    let watchers = Watchers()

    func startRun(_ request: Datavault_Pipeline_V1_StartRunRequest, context: ServerContext) async throws -> RunMessage {
        let (core, rights, now) = (core, try CallRights.current(), core.now)
        let organization = rights.organization
        // Before Scrape is asked: what was acknowledged is acknowledged again, whoever is away.
        if let run: RunMessage = try await core.replay.reply(to: request, id: request.requestID) { return run }
        let id = try ResourceName.pipelines.identifier(in: request.parent)
        let asked =
            request.hasInput ? try request.input.spec(field: "input", limits: core.bounds.plan.schema) : nil
        let kept = try await core.store.scoped(organization).read { tx in try PipelineStore.pipeline(id, in: tx) }
        guard let kept else { throw PipelineFault.resourceUnknown(name: request.parent) }
        try await checkJob(Self.input(asked, of: kept), rights)
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let pipeline = try PipelineStore.pipeline(id, in: tx) else {
                throw PipelineFault.resourceUnknown(name: request.parent)
            }
            var checked = pipeline
            checked.input = Self.input(asked, of: pipeline)
            guard checked.input.source != nil else { throw PipelineFault.inputMissing }
            _ = try PlanCheck(checked, bounds: core.bounds, in: tx).requireSound()
            let run = Run(
                id: core.environment.identifier(), pipeline: pipeline, input: checked.input,
                initiator: rights.subject, createdAt: now, updatedAt: now)
            let limit = JobLimit(key: organization.rawValue, concurrency: core.bounds.runsAtOnce)
            let options = JobOptions(limit: limit, maximumAttempts: core.bounds.runAttempts)
            let job = try core.queue.enqueue(.run, RunPayload(run: run.id), options, by: rights.subject, in: tx)
            try RunStore.insert(run, job: job, in: tx)
            let message = RunMessage(run)
            try core.audit.record(intent, resource: message.name, after: MaskedText.of(message), in: tx)
            return message
        }
    }

    /// What a run reads: the request's input instead of the pipeline's; its columns if it has any.
    private static func input(_ asked: InputSpec?, of pipeline: Pipeline) -> InputSpec {
        guard let asked else { return pipeline.input }
        return InputSpec(source: asked.source ?? pipeline.input.source, schema: asked.schema ?? pipeline.input.schema)
    }

    /// A job that goes on is refused at once, while the caller is there to hear it.
    private func checkJob(_ input: InputSpec, _ rights: CallRights) async throws {
        guard case .scrapeJob(let job) = input.source else { return }
        let stream = try await core.scrape.open(
            job, after: .max - 1, for: rights.organization, initiator: rights.subject)
        guard stream.hasEnded else { throw PipelineFault.jobNotEnded(name: ResourceName.scrapeJobs.name(job)) }
    }

    func getRun(_ request: Datavault_Pipeline_V1_GetRunRequest, context: ServerContext) async throws -> RunMessage {
        RunMessage(try await run(request.name, of: try CallRights.current().organization))
    }

    /// - Throws: `resourceUnknown`.
    func run(_ text: String, of organization: OrganizationID) async throws -> Run {
        let name = try RunName(text)
        let kept = try await core.store.scoped(organization).read { tx in try RunStore.run(name.run, in: tx) }
        guard let run = kept?.run, run.pipeline.id == name.pipeline else {
            throw PipelineFault.resourceUnknown(name: text)
        }
        return run
    }

    func listRuns(
        _ request: Datavault_Pipeline_V1_ListRunsRequest, context: ServerContext
    ) async throws -> Datavault_Pipeline_V1_ListRunsResponse {
        let organization = try CallRights.current().organization
        let pipeline =
            request.parent == "pipelines/-" ? nil : try ResourceName.pipelines.identifier(in: request.parent)
        let state = request.state.state
        let binding = ["runs", organization.rawValue, pipeline ?? "-", state?.rawValue ?? ""]
        let place = try TimePlace(request.pageToken, for: binding)
        let count = Page<Run>.rows(request.pageSize)
        let rows = try await core.store.scoped(organization).read { tx in
            if let pipeline, try PipelineStore.pipeline(pipeline, in: tx) == nil {
                throw PipelineFault.resourceUnknown(name: request.parent)
            }
            return try RunStore.runs(of: pipeline, state: state, after: place, count: count, in: tx)
        }
        let page = Page(rows, asked: request.pageSize, for: binding) { PageToken($0.createdAt, text: $0.id) }
        return .with {
            $0.runs = page.entries.map(RunMessage.init)
            $0.nextPageToken = page.nextToken
        }
    }

    func cancelRun(
        _ request: Datavault_Pipeline_V1_CancelRunRequest, context: ServerContext
    ) async throws -> RunMessage {
        let (core, now) = (core, core.now)
        let name = try RunName(request.name)
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard var run = try RunStore.run(name.run, in: tx)?.run, run.pipeline.id == name.pipeline else {
                throw PipelineFault.resourceUnknown(name: request.name)
            }
            guard !run.state.hasEnded else { throw PipelineFault.runEnded }
            let before = RunMessage(run)
            run.cancelRequested = true
            run.updatedAt = now
            if run.state == .pending {
                // Nobody works on it: its job finds it ended.
                (run.state, run.endedAt) = (.cancelled, now)
            } else {
                run.state = .cancelling
            }
            try RunStore.update(run, in: tx)
            let after = RunMessage(run)
            try core.audit.record(
                intent, resource: after.name, before: MaskedText.of(before), after: MaskedText.of(after), in: tx)
            return after
        }
    }

    /// Rows of a page where the request does not say.
    private static let defaultPage = 100

    func listQuarantinedRows(
        _ request: Datavault_Pipeline_V1_ListQuarantinedRowsRequest, context: ServerContext
    ) async throws -> Datavault_Pipeline_V1_ListQuarantinedRowsResponse {
        let organization = try CallRights.current().organization
        let run = try await run(request.parent, of: organization)
        let binding = ["quarantine", organization.rawValue, run.id, request.rule]
        let place = try PageToken.read(request.pageToken, for: binding, numbers: 1)?.numbers[0] ?? 0
        let size = request.pageSize == 0 ? Self.defaultPage : Int(request.pageSize)
        let rule = request.rule.isEmpty ? nil : request.rule
        let rows = try await core.store.scoped(organization).read { tx in
            try QuarantineStore.rows(of: run.id, rule: rule, after: place, count: size + 1, in: tx)
        }
        var (given, bytes) = (0, 0)
        for row in rows.prefix(size) where bytes < core.bounds.pageBytes {
            bytes += row.weight
            given += 1
        }
        return .with {
            $0.quarantinedRows = rows.prefix(given).map(Datavault_Pipeline_V1_QuarantinedRow.init)
            guard rows.count > given, given > 0 else { return }
            $0.nextPageToken = PageToken(rows[given - 1].number).token(for: binding)
        }
    }
}

extension QuarantinedRow {
    /// About how many bytes it takes in a reply.
    var weight: Int {
        switch cells {
        case .row(let names, let cells):
            names.reduce(RowCells.weight(cells) + message.utf8.count) { $0 + $1.utf8.count }
        case .text(let text): text.utf8.count + message.utf8.count
        }
    }
}

/// How many streams of this process follow runs.
final class Watchers: Sendable {
    private let count = Atomic<Int>(0)

    /// - Throws: `limitReached`.
    func enter(atMost maximum: Int) throws(PipelineFault) {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue <= maximum else {
            leave()
            throw .limitReached(limit: "watchers", maximum: maximum)
        }
    }

    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}
