/// What statistics of columns say of a condition: whether no row of a segment can meet it.
///
/// Looks at comparisons of a column with a literal, under `&&` and `||`; anything else may be true. That is enough to skip
/// segments: of a condition that is wrongly kept, rows are looked at one by one.
struct SegmentPruning: Sendable {
    private indirect enum Condition: Sendable {
        /// May be true of any row, as far as can be told.
        case open
        case both(Condition, Condition)
        case either(Condition, Condition)
        case compared(column: Int, Comparison, Literal)
    }

    private let condition: Condition
    private let columnCount: Int

    init(_ condition: Syntax, over schema: Schema) {
        self.condition = Self.read(condition, schema)
        columnCount = schema.count
    }

    private static func read(_ syntax: Syntax, _ schema: Schema) -> Condition {
        guard case .call(let name, nil, let arguments) = syntax.kind, arguments.count == 2 else { return .open }
        let (left, right) = (arguments[0], arguments[1])
        switch name {
        case "_&&_": return .both(read(left, schema), read(right, schema))
        case "_||_": return .either(read(left, schema), read(right, schema))
        default:
            guard let comparison = Comparison(rawValue: name) else { return .open }
            if let index = column(left, schema), case .literal(let literal) = right.kind {
                return .compared(column: index, comparison, literal)
            }
            if let index = column(right, schema), case .literal(let literal) = left.kind {
                return .compared(column: index, comparison.mirrored, literal)
            }
            return .open
        }
    }

    private static func column(_ syntax: Syntax, _ schema: Schema) -> Int? {
        guard case .name(let name) = syntax.kind, let index = schema.index(of: name) else { return nil }
        switch schema.fields[index].type {
        case .int64, .double, .decimal, .string: return index
        case .bool, .timestamp, .date, .stringList: return nil
        }
    }

    /// - Parameter statistics: One entry a column.
    func mayMatch(_ statistics: [ColumnStatistics]) -> Bool {
        guard statistics.count == columnCount else { return true }
        return Self.mayBeTrue(condition, statistics)
    }

    private static func mayBeTrue(_ condition: Condition, _ statistics: [ColumnStatistics]) -> Bool {
        switch condition {
        case .open: true
        case .both(let left, let right): mayBeTrue(left, statistics) && mayBeTrue(right, statistics)
        case .either(let left, let right): mayBeTrue(left, statistics) || mayBeTrue(right, statistics)
        case .compared(let column, let comparison, let literal): comparison.mayHold(statistics[column], literal)
        }
    }

    /// A comparison by CEL's name of it.
    private enum Comparison: String, Sendable {
        case equal = "_==_"
        case less = "_<_"
        case lessOrEqual = "_<=_"
        case greater = "_>_"
        case greaterOrEqual = "_>=_"

        var mirrored: Comparison {
            switch self {
            case .equal: .equal
            case .less: .greater
            case .lessOrEqual: .greaterOrEqual
            case .greater: .less
            case .greaterOrEqual: .lessOrEqual
            }
        }

        /// Whether it may hold for a cell between a column's least and greatest one.
        func mayHold(_ column: ColumnStatistics, _ literal: Literal) -> Bool {
            // A null or NaN compares with nothing.
            if column.minimum == .null, column.maximum == .null { return false }
            let least = Order.of(column.minimum, literal)
            let greatest = Order.of(column.maximum, literal)
            return switch self {
            case .equal: least != .after && greatest != .before
            case .less: least != .after && least != .same
            case .lessOrEqual: least != .after
            case .greater: greatest != .before && greatest != .same
            case .greaterOrEqual: greatest != .before
            }
        }
    }

    /// How a bound of a column stands to a literal.
    private enum Order {
        case before
        case same
        case after
        case unknown

        /// Floats hold whole numbers exactly up to here.
        private static let exact = Double(1 << 53)

        static func of(_ bound: CellValue, _ literal: Literal) -> Order {
            switch (bound, literal) {
            case (.int64(let bound), .int(let value)): compare(bound, value)
            case (.double(let bound), .double(let value)): compare(bound, value)
            case (.int64(let bound), .double(let value)): inexact(Double(bound), value)
            case (.double(let bound), .int(let value)): inexact(bound, Double(value))
            case (.decimal(let bound), .int(let value)): sign(ExactDecimal.order(bound, ExactDecimal(value)))
            case (.decimal(let bound), .double(let value)): written(bound, value)
            case (.string(let bound), .string(let value)): texts(bound, value)
            default: .unknown
            }
        }

        private static func compare<Value: Comparable>(_ bound: Value, _ value: Value) -> Order {
            bound < value ? .before : bound > value ? .after : bound == value ? .same : .unknown
        }

        private static func inexact(_ bound: Double, _ value: Double) -> Order {
            guard abs(bound) < exact, abs(value) < exact else { return .unknown }
            return compare(bound, value)
        }

        private static func sign(_ order: Int) -> Order { order < 0 ? .before : order > 0 ? .after : .same }

        /// Beside a decimal a literal is what is written, of which only the nearest double is known here: what lies
        /// beyond that one's neighbours lies beyond the literal.
        private static func written(_ bound: ExactDecimal, _ value: Double) -> Order {
            if let order = ExactDecimal.order(bound, value.nextDown), order < 0 { return .before }
            if let order = ExactDecimal.order(bound, value.nextUp), order > 0 { return .after }
            return .unknown
        }

        /// By bytes, as CEL compares texts. The least may be a prefix of what it stands for, which is then no less; the
        /// greatest is exact.
        private static func texts(_ bound: String, _ value: String) -> Order {
            if bound.utf8.elementsEqual(value.utf8) { return .same }
            return bound.utf8.lexicographicallyPrecedes(value.utf8) ? .before : .after
        }
    }
}
