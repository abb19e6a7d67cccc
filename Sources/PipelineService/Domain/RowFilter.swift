/// A condition on rows of one schema; without an expression all rows meet it.
struct RowFilter: Sendable {
    private let plan: PipelinePlan?
    private let pruning: SegmentPruning?

    /// - Parameter expression: CEL over the columns; empty: none.
    /// - Throws: `invalidExpression` for the field `filter`.
    init(_ expression: String, over schema: Schema, limits: PipelineLimits) throws(PipelineFault) {
        guard !expression.isEmpty else {
            (plan, pruning) = (nil, nil)
            return
        }
        do {
            plan = try PipelinePlan(
                PipelineDefinition(steps: [.filter(expression: expression)]), input: schema, limits: limits)
        } catch {
            throw .invalidExpression(
                field: "filter", message: error.message, line: error.line ?? 1, column: error.column ?? 1)
        }
        // It was read a moment ago; should that fail now, nothing is skipped.
        var parser = try? Parser(Array(expression.utf8), limits: limits.expression)
        pruning = (try? parser?.parse()).map { SegmentPruning($0, over: schema) }
    }

    /// The rows that meet it. A row on which the expression fails does not.
    func apply(_ batch: ColumnBatch) throws -> ColumnBatch {
        guard let plan else { return batch }
        do {
            var run = try PlanRun(plan)
            return try run.process(batch).output
        } catch {
            throw PipelineFault.invalidExpression(field: "filter", message: error.message, line: 1, column: 1)
        }
    }

    /// Whether a row of a segment may meet it, by what is known of its columns.
    func mayMatch(_ segment: SegmentEntry) -> Bool { pruning?.mayMatch(segment.statistics) ?? true }
}
