/// Makes a column cell by cell.
struct ColumnBuilder: Sendable {
    private let type: ColumnType
    // Of these only the type's own is used: an enumeration's payload would be copied at each append.
    private var bools: [Bool] = []
    private var integers: [Int64] = []
    private var doubles: [Double] = []
    private var decimals: [ExactDecimal] = []
    private var dates: [Int32] = []
    private var strings = Strings()
    private var lists = StringLists()
    private var nulls: [UInt8] = []
    private var hasNulls = false

    init(_ type: ColumnType) { self.type = type }

    var count: Int { nulls.count }

    /// Appends a cell, and says whether the column holds such cells: its own type, null, and whole numbers as doubles.
    mutating func append(_ cell: CellValue) -> Bool {
        switch (type, cell) {
        case (.bool, .bool(let value)): bools.append(value)
        case (.int64, .int64(let value)), (.timestamp, .timestamp(let value)): integers.append(value)
        case (.double, .double(let value)): doubles.append(value)
        case (.double, .int64(let value)): doubles.append(Double(value))
        case (.decimal, .decimal(let value)): decimals.append(value)
        case (.string, .string(let value)): strings.append(value.utf8)
        case (.date, .date(let value)): dates.append(value)
        case (.stringList, .stringList(let value)): lists.append(value)
        case (_, .null):
            appendNull()
            return true
        default: return false
        }
        nulls.append(0)
        return true
    }

    mutating func appendNull() {
        switch type {
        case .bool: bools.append(false)
        case .int64, .timestamp: integers.append(0)
        case .double: doubles.append(0)
        case .decimal: decimals.append(.zero)
        case .string: strings.append([])
        case .date: dates.append(0)
        case .stringList: lists.append([])
        }
        nulls.append(1)
        hasNulls = true
    }

    consuming func finish() -> Column {
        let values: Column.Values =
            switch type {
            case .bool: .bool(bools)
            case .int64: .int64(integers)
            case .timestamp: .timestamp(integers)
            case .double: .double(doubles)
            case .decimal: .decimal(decimals)
            case .string: .string(strings)
            case .date: .date(dates)
            case .stringList: .stringList(lists)
            }
        return Column(values, nulls: hasNulls ? nulls : nil)
    }
}
