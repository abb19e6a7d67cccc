/// What values of an expression are. Any value may be null as well, as CEL's wrapper types are.
indirect enum ExpressionType: Sendable, Hashable, CustomStringConvertible {
    case bool
    case int
    case uint
    case double
    case decimal
    case string
    case bytes
    case timestamp
    case duration
    case null
    case list(ExpressionType)
    case map(ExpressionType, ExpressionType)
    /// The elements of an empty literal: they fit any type.
    case nothing

    var description: String {
        switch self {
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .decimal: "decimal"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .null: "null"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .nothing: "nothing"
        }
    }

    /// A number of CEL's own.
    var isNumber: Bool { self == .int || self == .uint || self == .double }

    /// A number that is compared with numbers of other types.
    var isReal: Bool { isNumber || self == .decimal }

    /// The type of values that are of this or that type, where there is one.
    func joined(with other: ExpressionType) -> ExpressionType? {
        switch (self, other) {
        case _ where self == other: self
        case (.nothing, _), (.null, _): other
        case (_, .nothing), (_, .null): self
        case (.list(let left), .list(let right)): left.joined(with: right).map { .list($0) }
        case (.map(let leftKey, let leftValue), .map(let rightKey, let rightValue)):
            leftKey.joined(with: rightKey).flatMap { key in
                leftValue.joined(with: rightValue).map { .map(key, $0) }
            }
        default: nil
        }
    }

    /// How expressions see a column.
    init(_ column: ColumnType) {
        self =
            switch column {
            case .bool: .bool
            case .int64: .int
            case .double: .double
            case .decimal: .decimal
            case .string: .string
            case .timestamp, .date: .timestamp
            case .stringList: .list(.string)
            }
    }

    /// The column that holds such values; none where no column does.
    var column: ColumnType? {
        switch self {
        case .bool: .bool
        case .int: .int64
        case .double: .double
        case .decimal: .decimal
        case .string: .string
        case .timestamp: .timestamp
        case .list(.string), .list(.nothing): .stringList
        default: nil
        }
    }
}
