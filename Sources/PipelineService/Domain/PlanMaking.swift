extension PipelinePlan {
    /// The plan of a pipeline, with errors as its callers know it.
    ///
    /// - Throws: `invalidExpression`, `invalidStep`.
    static func make(
        _ definition: PipelineDefinition, input: Schema, limits: PipelineLimits
    ) throws(PipelineFault) -> PipelinePlan {
        var steps: [PipelineStep] = []
        do throws(PlanError) {
            for step in definition.steps {
                // A dedupe that names no columns means all that come to it.
                if case .dedupe(let keys) = step, keys.isEmpty {
                    let before = try PipelinePlan(PipelineDefinition(steps: steps), input: input, limits: limits)
                    steps.append(.dedupe(keys: before.outputSchema.fields.map(\.name)))
                } else {
                    steps.append(step)
                }
            }
            return try PipelinePlan(PipelineDefinition(steps: steps), input: input, limits: limits)
        } catch { throw PipelineFault(error, of: definition) }
    }
}

extension PipelineFault {
    /// What a plan was refused for, at the path that the contract has for it.
    init(_ error: PlanError, of definition: PipelineDefinition) {
        let field = "pipeline.\(Self.contractPath(error.path, definition))"
        if let line = error.line, let column = error.column {
            self = .invalidExpression(field: field, message: error.message, line: line, column: column)
        } else {
            self = .invalidStep(field: field, message: error.message)
        }
    }

    /// The engine's names of parts, and the contract's.
    private static let names: [(String, String, String)] = [
        ("select", ".fields", ".columns"), ("cast", ".field", ".column"), ("derive", ".name", ".column"),
        ("dedupe", ".keys", ".columns"), ("rule", ".threshold", ".max_failed_fraction"),
    ]

    /// `steps[0].select.fields[1]` as `steps[0].select.columns[1]`, `steps[0].rename[1].from` as
    /// `steps[0].rename.columns["title"]`.
    private static func contractPath(_ path: String, _ definition: PipelineDefinition) -> String {
        for (step, engine, contract) in names where path.contains("].\(step)\(engine)") {
            return path.replacing("].\(step)\(engine)", with: "].\(step)\(contract)", maxReplacements: 1)
        }
        if let match = path.wholeMatch(of: /steps\[(\d+)\]\.rename\[(\d+)\]\..*/), let step = Int(match.1),
            let index = Int(match.2), definition.steps.indices.contains(step),
            case .rename(let renamings) = definition.steps[step], renamings.indices.contains(index)
        {
            return "steps[\(step)].rename.columns[\"\(renamings[index].from)\"]"
        }
        return path
    }
}
