/// What a plan made of one batch.
struct BatchResult: Sendable {
    /// The rows that passed all steps.
    let output: ColumnBatch
    let quarantined: QuarantinedRows
    /// One entry a step of the plan, for this batch alone.
    let counts: [StepCounts]
    /// What the run has to remember beyond this batch: to be appended to the run's state in the transaction that
    /// stores the output. `PlanRun.init` takes all of it back, in order, after a crash. Never empty.
    let state: [UInt8]
}

/// Rows that were taken out, as they came in, each with the reason.
struct QuarantinedRows: Sendable {
    /// The rows in the input's schema.
    let rows: ColumnBatch
    /// Row by row: why.
    let reasons: [QuarantineReason]
    /// Row by row: its position in the input batch.
    let inputRows: [UInt32]

    var count: Int { reasons.count }
}

/// Why a row was taken out.
struct QuarantineReason: Sendable, Hashable {
    enum Code: String, Sendable {
        /// A quality rule's expression was false.
        case ruleFailed = "RULE_FAILED"
        /// An expression gave an error or null on this row.
        case expressionError = "EXPRESSION_ERROR"
        /// A cell has no value of the type that it was cast to.
        case castFailed = "CAST_FAILED"
    }

    let code: Code
    /// The step, from 0.
    let step: Int
    /// The quality rule's name, where it was one.
    let rule: String?
    /// The column, where it is one cell's fault.
    let field: String?
    let message: String
}

/// What one step did.
struct StepCounts: Sendable, Hashable {
    /// Rows that came to the step.
    var input = 0
    /// Rows that the step gave on.
    var output = 0
    /// Rows that the step took out for a reason.
    var quarantined = 0
    /// Rows that a filter or a dedupe left out, as it was asked to.
    var dropped = 0
    /// Rows that failed a rule, whatever came of them; cells that a cast made null.
    var failed = 0

    static func + (left: StepCounts, right: StepCounts) -> StepCounts {
        StepCounts(
            input: left.input + right.input,
            output: left.output + right.output,
            quarantined: left.quarantined + right.quarantined,
            dropped: left.dropped + right.dropped,
            failed: left.failed + right.failed
        )
    }
}

/// What a whole run did.
struct RunSummary: Sendable, Hashable {
    let rowsIn: Int
    let rowsOut: Int
    let rowsQuarantined: Int
    /// One entry a step of the plan.
    let counts: [StepCounts]
    /// Rules of severity `warn` whose failing share is above their threshold.
    let warnings: [String]
}

/// Why a run cannot go on.
struct RunError: Error, Equatable, Sendable, CustomStringConvertible {
    enum Reason: String, Sendable {
        /// A quality rule of severity `fail` met a failing row, or a rule's share of failing rows is above its threshold.
        case qualityFailed = "QUALITY_FAILED"
        /// A cast with `fail` met a cell without a value of its type.
        case castFailed = "CAST_FAILED"
        /// A named limit of the run was reached.
        case limitExceeded = "LIMIT_EXCEEDED"
        /// The state to go on from is damaged, or another plan's.
        case invalidState = "INVALID_STATE"
        /// The batch has another schema than the plan's input.
        case schemaMismatch = "SCHEMA_MISMATCH"
    }

    let reason: Reason
    /// The step, from 0, where it was one.
    let step: Int?
    /// The quality rule, where it was one.
    let rule: String?
    let message: String

    init(_ reason: Reason, step: Int? = nil, rule: String? = nil, _ message: String) {
        self.reason = reason
        self.step = step
        self.rule = rule
        self.message = message
    }

    var description: String { step.map { "steps[\($0)]: \(message)" } ?? message }
}
