/// A value as the stores exchange it: what is bound to a statement, and what a row holds.
///
/// Schemas that run on both stores use the column types `BIGINT`, `DOUBLE PRECISION`, `TEXT`, `BYTEA` and `BOOLEAN`.
public enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
    case boolean(Bool)

    /// The kind, for messages: values themselves may be sensitive.
    var kind: String {
        switch self {
        case .null: "null"
        case .integer: "integer"
        case .real: "real"
        case .text: "text"
        case .blob: "blob"
        case .boolean: "boolean"
        }
    }
}

/// A Swift type that can be bound to a statement and read from a row.
public protocol SQLConvertible: Sendable {
    var sqlValue: SQLValue { get }
    /// The value of a column, or nil if the column does not hold one of this type.
    init?(sqlValue: SQLValue)
}
