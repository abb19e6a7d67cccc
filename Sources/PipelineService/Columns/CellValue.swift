/// One cell by itself: for browsing, for building small batches, for tests. Bulk work stays with columns.
enum CellValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int64(Int64)
    case double(Double)
    case decimal(ExactDecimal)
    case string(String)
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp(Int64)
    /// Days since 1970-01-01.
    case date(Int32)
    case stringList([String])

    /// The column type that holds such a value; none for null, which all hold.
    var type: ColumnType? {
        switch self {
        case .null: nil
        case .bool: .bool
        case .int64: .int64
        case .double: .double
        case .decimal: .decimal
        case .string: .string
        case .timestamp: .timestamp
        case .date: .date
        case .stringList: .stringList
        }
    }
}
