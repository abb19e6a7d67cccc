/// One execution of a plan, batch by batch, in one task.
struct PlanRun {
    let plan: PipelinePlan

    /// Begins a run, or goes on with one: `state` is what `BatchResult.state` gave so far, in order.
    init(_ plan: PipelinePlan, state: some Sequence<[UInt8]> = []) throws(RunError) { self.plan = plan }

    /// Takes a batch through all steps. After an error the run is over.
    mutating func process(_ batch: ColumnBatch) throws(RunError) -> BatchResult {
        throw RunError(.limitExceeded, "not yet")
    }

    /// What the run did so far, from its first batch on, restarts included.
    var summary: RunSummary {
        RunSummary(rowsIn: 0, rowsOut: 0, rowsQuarantined: 0, counts: [], warnings: [])
    }

    /// Ends the run: fails where a rule's share of failing rows is above its threshold.
    func finish() throws(RunError) -> RunSummary { summary }
}
