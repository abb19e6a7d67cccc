/// A statement with its bound values.
///
/// Values enter by interpolation and are always bound, never pasted into the text:
///
///     "SELECT id, body FROM notes WHERE organization = \(.organization) AND id = \(id)"
///
/// `\(.organization)` stands for the scope's organization. Other statements interpolate as fragments, with their
/// values, so that conditions can be put together: `let filter: SQL = "AND kind = \(kind)"`, then `"… \(filter)"`.
/// There is no way to make a statement of a string that is only known at run time.
public struct SQL: Sendable, Hashable, ExpressibleByStringInterpolation {
    enum Binding: Sendable, Hashable {
        case value(SQLValue)
        case organization
    }

    /// The text between the bindings: always one more than those.
    private(set) var pieces: [String]
    private(set) var bindings: [Binding]

    public init(stringLiteral value: StaticString) {
        pieces = [value.description]
        bindings = []
    }

    public init(stringInterpolation: StringInterpolation) {
        pieces = stringInterpolation.pieces
        bindings = stringInterpolation.bindings
    }

    /// Joins fragments, for instance conditions: `SQL.joined(conditions, separator: " AND ")`.
    public static func joined(_ parts: [SQL], separator: StaticString) -> SQL {
        var result = StringInterpolation(literalCapacity: 0, interpolationCount: parts.count)
        for (index, part) in parts.enumerated() {
            if index > 0 { result.appendLiteral(separator) }
            result.appendInterpolation(part)
        }
        return SQL(stringInterpolation: result)
    }

    /// Values in a row, separated by commas: `IN (\(SQL.list(ids)))`.
    public static func list(_ values: some Collection<some SQLConvertible>) -> SQL {
        var result = StringInterpolation(literalCapacity: 0, interpolationCount: values.count)
        for value in values { result.appendItem(value.sqlValue) }
        return SQL(stringInterpolation: result)
    }

    /// Rows of one value each: `INSERT … VALUES \(SQL.rows(payloads))`.
    public static func rows(_ values: some Collection<some SQLConvertible>) -> SQL {
        var result = StringInterpolation(literalCapacity: 0, interpolationCount: values.count)
        for value in values { result.appendItem(value.sqlValue, separator: "), (") }
        guard !values.isEmpty else { return SQL(stringInterpolation: result) }
        result.enclose()
        return SQL(stringInterpolation: result)
    }

    /// The scope's organization, written `\(.organization)`.
    public struct Token: Sendable {
        let binding: Binding
        public static let organization = Token(binding: .organization)
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        var pieces: [String] = [""]
        var bindings: [Binding] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            pieces.reserveCapacity(interpolationCount + 1)
            bindings.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: StaticString) {
            pieces[pieces.count - 1] += literal.description
        }

        public mutating func appendInterpolation(_ value: some SQLConvertible) {
            append(.value(value.sqlValue))
        }

        /// Nil binds null. A function of its own, as the compiler warns of optionals given to any other.
        public mutating func appendInterpolation<Value: SQLConvertible>(_ value: Value?) {
            append(.value(value.sqlValue))
        }

        public mutating func appendInterpolation(_ token: Token) {
            append(token.binding)
        }

        public mutating func appendInterpolation(_ fragment: SQL) {
            for (index, piece) in fragment.pieces.enumerated() {
                pieces[pieces.count - 1] += piece
                if index < fragment.bindings.count { append(fragment.bindings[index]) }
            }
        }

        mutating func appendItem(_ value: SQLValue, separator: String = ", ") {
            if !bindings.isEmpty { pieces[pieces.count - 1] = separator }
            append(.value(value))
        }

        mutating func enclose() {
            pieces[0] = "("
            pieces[pieces.count - 1] = ")"
        }

        private mutating func append(_ binding: Binding) {
            bindings.append(binding)
            pieces.append("")
        }
    }

    private static let placeholders = (1...512).map { "$\($0)" }

    var usesOrganization: Bool { bindings.contains(.organization) }

    /// The text with `$1`, `$2` …: PostgreSQL's placeholders, which SQLite reads as parameters numbered by occurrence.
    var text: String {
        guard !bindings.isEmpty else { return pieces[0] }
        var text = pieces[0]
        for index in bindings.indices {
            text += index < Self.placeholders.count ? Self.placeholders[index] : "$\(index + 1)"
            text += pieces[index + 1]
        }
        return text
    }
}
