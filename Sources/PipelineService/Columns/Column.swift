/// The cells of one column of a batch.
struct Column: Sendable {
    /// Cells by type, an array a column. Null cells hold any value, which nobody reads.
    enum Values: Sendable {
        case bool([Bool])
        case int64([Int64])
        case double([Double])
        case decimal([ExactDecimal])
        case string(Strings)
        case timestamp([Int64])
        case date([Int32])
        case stringList(StringLists)
    }

    var values: Values
    /// A byte a cell: 1 for null, else 0. None where no cell is null.
    var nulls: [UInt8]?

    init(_ values: Values, nulls: [UInt8]? = nil) {
        self.values = values
        self.nulls = nulls
        assert(nulls.map { $0.count == count } ?? true)
    }

    var type: ColumnType {
        switch values {
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

    var count: Int {
        switch values {
        case .bool(let cells): cells.count
        case .int64(let cells), .timestamp(let cells): cells.count
        case .double(let cells): cells.count
        case .decimal(let cells): cells.count
        case .date(let cells): cells.count
        case .string(let cells): cells.count
        case .stringList(let cells): cells.count
        }
    }

    func isNull(_ row: Int) -> Bool { nulls.map { $0[row] != 0 } ?? false }

    /// One cell by itself; not for inner loops.
    subscript(_ row: Int) -> CellValue {
        guard !isNull(row) else { return .null }
        return switch values {
        case .bool(let cells): .bool(cells[row])
        case .int64(let cells): .int64(cells[row])
        case .double(let cells): .double(cells[row])
        case .decimal(let cells): .decimal(cells[row])
        case .string(let cells): .string(cells[row])
        case .timestamp(let cells): .timestamp(cells[row])
        case .date(let cells): .date(cells[row])
        case .stringList(let cells): .stringList(cells[row])
        }
    }

    /// The cells of these rows, in this order. Texts stay where they are.
    func gather(_ rows: [UInt32]) -> Column {
        let nulls = nulls.map { pick($0, rows) }
        return switch values {
        case .bool(let cells): Column(.bool(pick(cells, rows)), nulls: nulls)
        case .int64(let cells): Column(.int64(pick(cells, rows)), nulls: nulls)
        case .double(let cells): Column(.double(pick(cells, rows)), nulls: nulls)
        case .decimal(let cells): Column(.decimal(pick(cells, rows)), nulls: nulls)
        case .timestamp(let cells): Column(.timestamp(pick(cells, rows)), nulls: nulls)
        case .date(let cells): Column(.date(pick(cells, rows)), nulls: nulls)
        case .string(let cells):
            Column(.string(Strings(bytes: cells.bytes, extents: pick(cells.extents, rows))), nulls: nulls)
        case .stringList(let cells):
            Column(
                .stringList(StringLists(elements: cells.elements, extents: pick(cells.extents, rows))), nulls: nulls)
        }
    }

    /// A column of nulls.
    static func nulls(of type: ColumnType, count: Int) -> Column {
        var builder = ColumnBuilder(type)
        for _ in 0..<count { builder.appendNull() }
        return builder.finish()
    }
}

/// The elements at these positions.
func pick<Element: BitwiseCopyable>(_ cells: [Element], _ rows: [UInt32]) -> [Element] {
    // Rows come from the batch itself; checked once here rather than at each cell.
    assert(rows.allSatisfy { $0 < cells.count })
    let from = cells.span
    let at = rows.span
    return Array(capacity: rows.count) { output in
        for index in 0..<rows.count { output.append(from[at: Int(at[at: index])]) }
    }
}
