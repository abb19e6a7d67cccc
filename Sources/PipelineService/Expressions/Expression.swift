/// Why a text is no expression over a schema.
struct ExpressionError: Error, Equatable, Sendable, CustomStringConvertible {
    let reason: PlanError.Reason
    let message: String
    /// The line, from 1.
    let line: Int
    /// The character in its line, from 1.
    let column: Int

    var description: String { "line \(line), column \(column): \(message)" }
}
