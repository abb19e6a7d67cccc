/// A definition that was checked against an input's schema: what a run executes.
struct PipelinePlan: Sendable {
    let definition: PipelineDefinition
    let inputSchema: Schema
    /// What the rows look like after the last step.
    let outputSchema: Schema
    let limits: PipelineLimits
    /// The steps as they run, and the schema after each.
    let steps: [CompiledStep]
    /// Tells this plan's state from another's.
    let fingerprint: UInt32

    /// Checks a definition: names, types, expressions, limits. Every error that does not depend on a row is found here.
    init(
        _ definition: PipelineDefinition, input: Schema, limits: PipelineLimits = PipelineLimits()
    ) throws(PlanError) {
        // A run's state names steps by a byte.
        let maximum = min(limits.maximumSteps, Int(UInt8.max))
        guard definition.steps.count <= maximum else {
            throw PlanError(.limitExceeded, at: "steps", "there are more than \(maximum) steps")
        }
        var compiler = PlanCompiler(limits: limits)
        var schema = input
        var steps: [CompiledStep] = []
        for (index, step) in definition.steps.enumerated() {
            let compiled = try compiler.compile(step, schema, path: "steps[\(index)].\(step.name)")
            schema = compiled.schema
            steps.append(compiled)
        }
        self.definition = definition
        self.inputSchema = input
        self.outputSchema = schema
        self.limits = limits
        self.steps = steps
        fingerprint = definition.fingerprint(input)
    }
}

/// A step with positions for names and programs for expressions.
struct CompiledStep: Sendable {
    enum Action: Sendable {
        /// These columns, in this order; also what renames.
        case select([Int])
        case cast(Int, Cast)
        case filter(Expression)
        /// A new column at the end, or in place of one.
        case derive(at: Int, Expression, ColumnType)
        case dedupe([Int])
        case rule(QualityRule, Expression)
    }

    let action: Action
    /// The columns after the step.
    let schema: Schema
}
