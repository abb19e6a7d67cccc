import Persistence

/// What is wrong with a pipeline, as far as that can be known before a run.
struct PlanCheck: Sendable {
    /// What goes in, where it is known.
    let input: Schema?
    /// What comes out, where what goes in is known.
    let output: Schema?
    let problems: [PipelineFault]

    init(_ pipeline: Pipeline, bounds: PipelineBounds, in tx: borrowing Transaction) throws {
        var problems: [PipelineFault] = []
        var source: Schema?
        switch pipeline.input.source {
        case .file(let id):
            source = try FileStore.file(id, in: tx)?.schema
            if source == nil {
                problems.append(.referenceUnknown(field: "pipeline.input.file", name: ResourceName.files.name(id)))
            }
        case .dataset(let id):
            source = try DatasetStore.dataset(id, in: tx)?.schema
            if source == nil {
                problems.append(
                    .referenceUnknown(field: "pipeline.input.dataset", name: ResourceName.datasets.name(id)))
            }
        case .scrapeJob, nil: break
        }
        if let wanted = pipeline.input.schema, let source, case .dataset = pipeline.input.source {
            do { _ = try SchemaFit.columns(of: wanted, in: source) } catch { problems.append(error) }
        }
        input = pipeline.input.schema ?? source
        var output: Schema?
        if let input {
            do {
                output = try PipelinePlan.make(pipeline.definition, input: input, limits: bounds.plan).outputSchema
            } catch { problems.append(error) }
        }
        if case .dataset(let id) = pipeline.output {
            if let target = try DatasetStore.dataset(id, in: tx) {
                if let output {
                    do { _ = try SchemaFit.placement(of: output, in: target.schema) } catch { problems.append(error) }
                }
            } else {
                problems.append(
                    .referenceUnknown(field: "pipeline.output.dataset", name: ResourceName.datasets.name(id)))
            }
        }
        (self.output, self.problems) = (output, problems)
    }

    /// - Throws: The first problem.
    func requireSound() throws(PipelineFault) -> PlanCheck {
        if let problem = problems.first { throw problem }
        return self
    }
}
