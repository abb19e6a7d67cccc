/// What a pipeline does to each row, step by step.
struct PipelineDefinition: Sendable, Hashable {
    var steps: [PipelineStep]

    init(steps: [PipelineStep]) { self.steps = steps }
}

/// One step. The rows it gives are the next one's input.
enum PipelineStep: Sendable, Hashable {
    /// Keeps these columns, in this order.
    case select(fields: [String])
    /// Gives columns other names; the order stays.
    case rename([Renaming])
    case cast(Cast)
    /// Keeps the rows for which an expression is true.
    case filter(expression: String)
    /// Adds a column, or replaces the one of that name, by an expression over the step's input.
    case derive(name: String, expression: String)
    /// Keeps the first row of each combination of keys, over the whole run.
    case dedupe(keys: [String])
    case rule(QualityRule)

    struct Renaming: Sendable, Hashable {
        let from: String
        let to: String
    }

    /// The step's name in definitions and paths.
    var name: String {
        switch self {
        case .select: "select"
        case .rename: "rename"
        case .cast: "cast"
        case .filter: "filter"
        case .derive: "derive"
        case .dedupe: "dedupe"
        case .rule: "rule"
        }
    }
}

/// Gives a column another type.
struct Cast: Sendable, Hashable {
    /// What becomes of a cell that has no value of the new type.
    enum OnError: String, Sendable, CaseIterable {
        /// The row goes to quarantine.
        case quarantine
        /// The cell becomes null.
        case null
        /// The run fails.
        case fail
    }

    let field: String
    let type: ColumnType
    let onError: OnError

    init(field: String, type: ColumnType, onError: OnError = .quarantine) {
        self.field = field
        self.type = type
        self.onError = onError
    }
}

/// A condition that good rows meet.
struct QualityRule: Sendable, Hashable {
    /// What becomes of rows for which the expression is false or an error.
    enum Severity: String, Sendable, CaseIterable {
        /// The row is counted, and stays.
        case warn
        /// The row goes to quarantine.
        case quarantine
        /// The run fails: at once without a threshold, else at its end if the share is above it.
        case fail
    }

    /// Names the rule in reports; unique in its pipeline.
    let name: String
    let expression: String
    let severity: Severity
    /// The greatest share of failing rows, 0 to 1, that the run's end accepts; a higher one fails the run, and for
    /// `warn` is reported. None: any share for `warn` and `quarantine`, no row for `fail`.
    let threshold: Double?

    init(name: String, expression: String, severity: Severity, threshold: Double? = nil) {
        self.name = name
        self.expression = expression
        self.severity = severity
        self.threshold = threshold
    }
}
