/// One execution of a plan, batch by batch, in one task.
struct PlanRun {
    let plan: PipelinePlan
    private var state: RunState

    /// Begins a run, or goes on with one: `state` is what `BatchResult.state` gave so far, in order. `seed` keys the
    /// hashes of a new run's dedupe steps.
    init(
        _ plan: PipelinePlan, state pieces: some Sequence<[UInt8]> = [],
        seed: (UInt64, UInt64) = (.random(in: 0 ... .max), .random(in: 0 ... .max))
    ) throws(RunError) {
        self.plan = plan
        state = RunState(plan: plan, seed: KeyHash(low: seed.0, high: seed.1))
        for piece in pieces { try state.load(piece) }
    }

    /// Takes a batch through all steps. After an error the run is over.
    mutating func process(_ batch: ColumnBatch) throws(RunError) -> BatchResult {
        guard batch.schema == plan.inputSchema else {
            throw RunError(.schemaMismatch, "the rows have other columns than the plan's input")
        }
        var work = BatchWork(batch)
        for (index, step) in plan.steps.enumerated() {
            work.begin()
            switch step.action {
            case .select(let columns): work.select(columns, step.schema)
            case .cast(let column, let cast): try work.cast(column, cast, step.schema, step: index)
            case .filter(let expression): work.filter(expression, step: index)
            case .derive(let column, let expression, let type):
                work.derive(column, expression, type, step.schema, step: index)
            case .dedupe(let columns): try dedupe(&work, columns, step: index)
            case .rule(let rule, let expression): try work.rule(rule, expression, step: index)
            }
            work.end()
        }
        state.rowsIn += batch.rowCount
        state.rowsOut += work.batch.rowCount
        state.rowsQuarantined += work.quarantined.count
        for index in plan.steps.indices { state.counts[index] = state.counts[index] + work.counts[index] }
        return BatchResult(
            output: work.batch, quarantined: work.quarantine(of: batch), counts: work.counts, state: state.piece())
    }

    private mutating func dedupe(_ work: inout BatchWork, _ columns: [Int], step: Int) throws(RunError) {
        let hashes = KeyHash.rows(of: work.batch, columns: columns, seed: state.seed)
        var kept: [UInt32] = []
        kept.reserveCapacity(hashes.count)
        for (row, hash) in hashes.enumerated() {
            guard let isNew = state.insert(hash, step: step, limit: plan.limits.maximumDedupeKeys) else {
                throw RunError(
                    .limitExceeded, step: step, "there are more than \(plan.limits.maximumDedupeKeys) different keys")
            }
            if isNew { kept.append(UInt32(row)) }
        }
        work.keep(kept)
    }

    /// What the run did so far, from its first batch on, restarts included.
    var summary: RunSummary {
        var warnings: [String] = []
        for (index, step) in plan.definition.steps.enumerated() {
            guard case .rule(let rule) = step, rule.severity == .warn, let threshold = rule.threshold else { continue }
            if share(index) > threshold { warnings.append(rule.name) }
        }
        return RunSummary(
            rowsIn: state.rowsIn, rowsOut: state.rowsOut, rowsQuarantined: state.rowsQuarantined,
            counts: state.counts, warnings: warnings)
    }

    /// The share of rows that failed at a step.
    private func share(_ step: Int) -> Double {
        let count = state.counts[step]
        return count.input == 0 ? 0 : Double(count.failed) / Double(count.input)
    }

    /// Ends the run: fails where a rule's share of failing rows is above its threshold.
    func finish() throws(RunError) -> RunSummary {
        for (index, step) in plan.definition.steps.enumerated() {
            guard case .rule(let rule) = step, rule.severity != .warn, let threshold = rule.threshold else { continue }
            let count = state.counts[index]
            if share(index) > threshold {
                throw RunError(
                    .qualityFailed, step: index, rule: rule.name,
                    "rule \"\(rule.name)\": \(count.failed) of \(count.input) rows fail, more than the share of \(threshold)"
                )
            }
        }
        return summary
    }
}
