/// What the cells of a column are. Any cell may be null as well.
///
/// The raw value is the name by which files and definitions call the type.
enum ColumnType: String, Sendable, CaseIterable {
    /// True or false.
    case bool
    /// A signed 64-bit integer.
    case int64
    /// A 64-bit float (IEEE 754).
    case double
    /// A decimal number with its digits as they were written, up to 38 of them.
    case decimal
    /// UTF-8 text.
    case string
    /// A point in time: microseconds since 1970-01-01T00:00:00Z, years 0001 to 9999.
    case timestamp
    /// A day: days since 1970-01-01, years 0001 to 9999.
    case date
    /// A list of texts, none of which is null.
    case stringList = "list<string>"

    /// The type as messages about cells call it that are none of it.
    var wording: String {
        self == .decimal ? "decimal of at most \(ExactDecimal.maximumDigits) digits" : rawValue
    }
}
