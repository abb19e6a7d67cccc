import Jobs
import Persistence
import PipelineContract
import PolicyModel
import ServiceKit
import Wire

/// One attempt at a run: opens the input where the last commit left it, takes batch after batch through the plan, and
/// commits each with all that belongs to it.
struct RunExecution: Sendable {
    let core: PipelineCore
    let context: JobContext
    let organization: OrganizationID
    let id: String

    /// Between two looks for a request to cancel, while a batch takes long.
    private static let lookInterval = Duration.milliseconds(300)

    /// - Throws: `PipelineFault` of what makes the run fail; `RunCancelled`; errors of the store, of objects and of other
    ///   roles.
    func run() async throws {
        guard let run = try await current(), !run.state.hasEnded else { return }
        if run.cancelRequested { throw RunCancelled() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work(run) }
            group.addTask { try await watch(run) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func current() async throws -> Run? {
        let id = id
        return try await core.store.scoped(organization).read { tx in try RunStore.run(id, in: tx)?.run }
    }

    /// Ends when somebody wants the run to end, or it has taken too long.
    private func watch(_ run: Run) async throws {
        let began = run.startedAt ?? core.now
        while true {
            try await Task.sleep(for: Self.lookInterval)
            guard let run = try await current() else { throw RunCancelled() }
            if run.cancelRequested { throw RunCancelled() }
            if core.now - began > core.bounds.runTime.wholeMicroseconds {
                throw PipelineFault.runLimitReached(message: "the run takes too long")
            }
        }
    }

    // MARK: Work

    private func work(_ run: Run) async throws {
        let source = try await InputOpening(core: core, organization: organization).open(run)
        // A run goes on with the columns that it began with, also where a newer program would give them other types.
        let input = run.input.schema ?? run.inputSchema ?? source.schema
        let columns = try SchemaFit.columns(of: input, in: source.schema)
        let plan = try PipelinePlan.make(run.pipeline.definition, input: input, limits: core.bounds.plan)
        let (begun, target) = try await begin(run, source, plan)
        guard begun.stalls <= core.bounds.stalledAttempts else {
            throw PipelineFault.runAbandoned(
                message: "\(core.bounds.stalledAttempts) processes have ended at the same batch without a word")
        }
        let places = try SchemaFit.placement(of: plan.outputSchema, in: target.schema)
        let states = try await states(of: begun)
        let planRun = Exclusive<PlanRun>(
            try Self.faults(begun) { () throws(RunError) in try PlanRun(plan, state: states) })
        var batches = BatchCommits(core: core, context: context, organization: organization, run: begun, target: target)
        while let batch = try await source.next() {
            try Task.checkCancellation()
            let run = begun
            let result = try await core.work.run(for: organization) {
                let rows = batch.batch.picking(columns, as: input)
                return try Self.faults(run) { () throws(RunError) in try planRun.value.process(rows) }
            }
            try await batches.commit(batch, result, places)
        }
        let summary = try Self.faults(begun) { () throws(RunError) in try planRun.value.finish() }
        try await RunEnding(core: core, context: context, organization: organization, id: id).succeed(summary)
    }

    /// Marks the run as begun, with what the first opening found out; makes the dataset where there is none yet.
    private func begin(_ run: Run, _ source: any InputSource, _ plan: PipelinePlan) async throws -> (Run, Dataset) {
        let (core, id, now) = (core, id, core.now)
        let (schema, size) = (source.schema, source.size)
        return try await context.write { tx in
            guard var run = try RunStore.run(id, in: tx)?.run else { throw RunCancelled() }
            if run.cancelRequested { throw RunCancelled() }
            let isFirst = run.inputSchema == nil
            if isFirst {
                (run.inputSchema, run.inputSize) = (schema, size)
                (run.state, run.startedAt, run.updatedAt) = (.running, now, now)
                run.counts = run.pipeline.definition.steps.map { _ in StepCounts() }
                if case .dataset = run.input.source { run.inputSnapshot = size }
            }
            let target = try Self.target(of: &run, plan.outputSchema, core, at: now, in: tx)
            // The rows have to fit before the first of them is read.
            _ = try SchemaFit.placement(of: plan.outputSchema, in: target.schema)
            run.stalls += 1
            try RunStore.update(run, in: tx)
            return (run, target)
        }
    }

    private static func target(
        of run: inout Run, _ schema: Schema, _ core: PipelineCore, at now: Int64, in tx: borrowing Transaction
    ) throws -> Dataset {
        if run.dataset == nil {
            switch run.pipeline.output {
            case .dataset(let id): run.dataset = id
            case .newDataset(let displayName):
                try core.check(try DatasetStore.count(in: tx), below: core.bounds.datasets, of: "datasets")
                let new = Dataset(
                    id: core.environment.identifier(), displayName: displayName, schema: schema, createdAt: now,
                    updatedAt: now)
                try DatasetStore.insert(new, in: tx)
                run.dataset = new.id
                try core.audit.record(
                    "dataset.create", by: .pipeline, of: tx.organization, resource: new.name,
                    after: MaskedText.of(DatasetMessage(new)), in: tx)
            }
        }
        guard let id = run.dataset, let found = try DatasetStore.dataset(id, in: tx) else {
            throw PipelineFault.datasetGone
        }
        return found
    }

    /// What steps have remembered so far, in order.
    private func states(of run: Run) async throws -> [[UInt8]] {
        let (id, handle) = (id, core.store.scoped(organization))
        var (all, last) = ([[UInt8]](), Int64(0))
        while true {
            let after = last
            let found = try await handle.read { tx in
                try RunStore.states(of: id, after: after, count: 500, in: tx).map { KeptState($0.sequence, $0.state) }
            }
            guard let end = found.last else { return all }
            all += found.map(\.bytes)
            last = end.sequence
        }
    }

    private struct KeptState: Sendable {
        let sequence: Int64
        let bytes: [UInt8]
        init(_ sequence: Int64, _ bytes: [UInt8]) { (self.sequence, self.bytes) = (sequence, bytes) }
    }

    /// What an error of the plan means for the run.
    private static func faults<Value>(_ run: Run, _ body: () throws(RunError) -> Value) throws(PipelineFault) -> Value {
        do { return try body() } catch {
            let steps = run.pipeline.definition.steps
            let step = error.step.flatMap { steps.indices.contains($0) ? steps[$0] : nil }
            let field = step.map { "pipeline.steps[\(error.step ?? 0)].\($0.name)" } ?? ""
            switch error.reason {
            case .qualityFailed:
                guard case .rule(let rule) = step, rule.threshold != nil else {
                    throw .stepFailed(message: error.message, field: field)
                }
                throw .ruleThresholdExceeded(message: error.message, field: field)
            case .castFailed: throw .stepFailed(message: error.message, field: field)
            case .limitExceeded: throw .runLimitReached(message: error.message)
            case .invalidState: throw .dataUnreadable(message: error.message)
            case .schemaMismatch: throw .schemaMismatch(message: error.message, column: "")
            }
        }
    }
}
