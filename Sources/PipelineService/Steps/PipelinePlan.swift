/// A definition that was checked against an input's schema: what a run executes.
struct PipelinePlan: Sendable {
    let definition: PipelineDefinition
    let inputSchema: Schema
    /// What the rows look like after the last step.
    let outputSchema: Schema
    let limits: PipelineLimits

    init(
        _ definition: PipelineDefinition, input: Schema, limits: PipelineLimits = PipelineLimits()
    ) throws(PlanError) {
        self.definition = definition
        self.inputSchema = input
        self.outputSchema = input
        self.limits = limits
    }
}
