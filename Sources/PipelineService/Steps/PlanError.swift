/// Why a definition is no plan for an input, found before any row is read.
struct PlanError: Error, Equatable, Sendable, CustomStringConvertible {
    enum Reason: String, Sendable {
        case invalidExpression = "INVALID_EXPRESSION"
        case unknownField = "UNKNOWN_FIELD"
        case unknownFunction = "UNKNOWN_FUNCTION"
        case typeMismatch = "TYPE_MISMATCH"
        case duplicateField = "DUPLICATE_FIELD"
        case invalidField = "INVALID_FIELD"
        case invalidStep = "INVALID_STEP"
        case limitExceeded = "LIMIT_EXCEEDED"
    }

    let reason: Reason
    /// The part of the definition that is wrong, such as `steps[3].filter.expression`.
    let path: String
    let message: String
    /// Where in the expression, from 1; none where the error is not in an expression.
    let line: Int?
    /// The character in its line, from 1.
    let column: Int?

    init(_ reason: Reason, at path: String, _ message: String, line: Int? = nil, column: Int? = nil) {
        self.reason = reason
        self.path = path
        self.message = message
        self.line = line
        self.column = column
    }

    var description: String {
        if let line, let column { return "\(path), line \(line), column \(column): \(message)" }
        return "\(path): \(message)"
    }
}
