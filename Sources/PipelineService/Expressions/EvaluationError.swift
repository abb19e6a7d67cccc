/// Why an expression has no value on a row.
enum EvaluationError: String, Sendable, Hashable, CaseIterable {
    case nullOperand = "null has no such operation"
    case divisionByZero = "division by zero"
    case overflow = "the result does not fit its type"
    case invalidConversion = "the text or number has no value of this type"
    case indexOutOfRange = "there is no element at this index"
    case noSuchKey = "the map has no such key"
    case invalidPattern = "the text is no pattern in RE2's syntax"
    case invalidTimeZone = "there is no such time zone"
    case invalidArgument = "an argument is outside its range"
    case textLimit = "the texts of a batch grow beyond the limit"
    case listLimit = "the lists of a batch grow beyond the limit"
}

/// An error and the operator or function that gives it: what a status byte of a register means.
struct ErrorSite: Sendable, Hashable {
    let error: EvaluationError
    /// Where in the expression; none where more places can fail than a byte counts.
    let position: SourcePosition?

    var message: String {
        position.map { "\(error.rawValue) (line \($0.line), column \($0.column))" } ?? error.rawValue
    }
}

/// The errors that one node may give, as status bytes.
struct ErrorSites: Sendable {
    private let bytes: [EvaluationError: UInt8]

    /// The bytes of those that a batch gives and its rows by themselves might not.
    let limits: [UInt8]

    init(_ bytes: [EvaluationError: UInt8]) {
        self.bytes = bytes
        limits = [bytes[.listLimit], bytes[.textLimit]].compactMap { $0 }
    }

    subscript(_ error: EvaluationError) -> UInt8 {
        // Each node declares what it may give: see Program.
        guard let byte = bytes[error] else { preconditionFailure("no site for \(error)") }
        return byte
    }
}
