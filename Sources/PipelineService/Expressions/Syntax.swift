/// A part of an expression as it was written. Operators are calls by CEL's names, such as `_+_`.
struct Syntax {
    indirect enum Kind {
        case literal(Literal)
        case name(String)
        case select(Syntax, field: String)
        case index(Syntax, Syntax)
        case call(String, target: Syntax?, arguments: [Syntax])
        case list([Syntax])
        case map([(key: Syntax, value: Syntax)])
    }

    let kind: Kind
    /// Where it stands: an operator's own place, not its operand's.
    let offset: Int
    /// The longest way down.
    let depth: Int
}

/// A value that is written in an expression.
enum Literal: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    /// A number beside a decimal: as it is written.
    case decimal(ExactDecimal)
    case string(String)
    case bytes([UInt8])
}
