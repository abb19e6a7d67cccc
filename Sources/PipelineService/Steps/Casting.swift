/// Gives cells another type. Nothing is lost on the way: what has no value of the new type fails.
enum Casting {
    /// If cells of a type may become cells of another. A number is no point in time: whether it counts seconds or
    /// milliseconds only an expression can say.
    static func exists(from: ColumnType, to: ColumnType) -> Bool {
        if from == to || from == .string || to == .string { return true }
        return switch (from, to) {
        case (.int64, .double), (.double, .int64), (.int64, .bool), (.bool, .int64), (.timestamp, .date),
            (.date, .timestamp), (.int64, .decimal), (.double, .decimal), (.decimal, .int64), (.decimal, .double):
            true
        default: false
        }
    }

    /// The cast cells, and the rows that failed: they are null.
    static func cast(_ column: Column, to type: ColumnType) -> (column: Column, failed: [UInt32]) {
        let nulls = column.nulls
        switch (column.values, type) {
        case _ where column.type == type: return (column, [])
        case (.string(let texts), _): return parsed(texts, nulls, type)
        case (_, .string): return (Column(.string(written(column)), nulls: nulls), [])
        case (.int64(let cells), .double):
            // Exactly: beyond 2^53 not every whole number is a double.
            return converted(cells, nulls) {
                Double(exactly: $0)
            } wrap: {
                .double($0)
            }
        case (.double(let cells), .int64):
            return converted(cells, nulls) {
                Int64(exactly: $0)
            } wrap: {
                .int64($0)
            }
        case (.int64(let cells), .decimal): return (Column(.decimal(cells.map { ExactDecimal($0) }), nulls: nulls), [])
        case (.double(let cells), .decimal):
            return converted(cells, nulls) {
                ExactDecimal($0)
            } wrap: {
                .decimal($0)
            }
        case (.decimal(let cells), .int64):
            return converted(cells, nulls) {
                $0.wholeInt64
            } wrap: {
                .int64($0)
            }
        // The nearest one, as of a text.
        case (.decimal(let cells), .double): return (Column(.double(cells.map(\.double)), nulls: nulls), [])
        case (.int64(let cells), .bool):
            return converted(cells, nulls) {
                $0 == 1 ? true : $0 == 0 ? false : nil
            } wrap: {
                .bool($0)
            }
        case (.bool(let cells), .int64): return (Column(.int64(cells.map { $0 ? 1 : 0 }), nulls: nulls), [])
        case (.timestamp(let cells), .date):
            return (Column(.date(cells.map { Int32(CivilTime.day(ofMicroseconds: $0)) }), nulls: nulls), [])
        case (.date(let cells), .timestamp):
            return (Column(.timestamp(cells.map { Int64($0) * CivilTime.microsecondsPerDay }), nulls: nulls), [])
        default: preconditionFailure("the plan has refused this cast")
        }
    }

    private static func parsed(
        _ texts: Strings, _ nulls: [UInt8]?, _ type: ColumnType
    ) -> (column: Column, failed: [UInt32]) {
        let bytes = texts.bytes.span
        let extents = texts.extents.map { trimmed(texts.bytes, $0) }
        switch type {
        case .int64:
            return converted(extents, nulls) {
                CellText.int64(bytes, Int($0.start), Int($0.length))
            } wrap: {
                .int64($0)
            }
        case .double:
            return converted(extents, nulls) {
                CellText.double(bytes, Int($0.start), Int($0.length))
            } wrap: {
                .double($0)
            }
        case .decimal:
            return converted(extents, nulls) {
                ExactDecimal(bytes, Int($0.start), Int($0.length))
            } wrap: {
                .decimal($0)
            }
        case .bool:
            return converted(extents, nulls) {
                CellText.bool(bytes, Int($0.start), Int($0.length))
            } wrap: {
                .bool($0)
            }
        case .date:
            return converted(extents, nulls) {
                CellText.date(bytes, Int($0.start), Int($0.length))
            } wrap: {
                .date($0)
            }
        case .timestamp:
            return converted(extents, nulls) {
                CellText.timestamp(bytes, Int($0.start), Int($0.length))
            } wrap: {
                .timestamp($0)
            }
        case .string: return (Column(.string(texts), nulls: nulls), [])
        case .stringList:
            var builder = ColumnBuilder(.stringList)
            var failed: [UInt32] = []
            for (row, extent) in extents.enumerated() {
                let isNull = nulls.map { $0[row] != 0 } ?? false
                if !isNull, let list = CellText.stringList(texts.bytes[extent.range]) {
                    _ = builder.append(.stringList(list))
                } else {
                    builder.appendNull()
                    if !isNull { failed.append(UInt32(row)) }
                }
            }
            return (builder.finish(), failed)
        }
    }

    private static func trimmed(_ bytes: [UInt8], _ extent: Extent) -> Extent {
        var range = extent.range
        while let first = range.first, bytes[first] == 0x20 || bytes[first] == 0x09 { range.removeFirst() }
        while let last = range.last, bytes[last] == 0x20 || bytes[last] == 0x09 { range.removeLast() }
        return Extent(start: UInt32(range.lowerBound), length: UInt32(range.count))
    }

    @inline(__always)
    private static func converted<From: BitwiseCopyable, To: BitwiseCopyable>(
        _ cells: [From], _ nulls: [UInt8]?, _ body: (From) -> To?, wrap: ([To]) -> Column.Values
    ) -> (column: Column, failed: [UInt32]) where To: ZeroValued {
        var failed: [UInt32] = []
        var values: [To] = []
        values.reserveCapacity(cells.count)
        for (row, cell) in cells.enumerated() {
            if let value = body(cell) {
                values.append(value)
            } else {
                values.append(To.zero)
                if nulls.map({ $0[row] == 0 }) ?? true { failed.append(UInt32(row)) }
            }
        }
        guard !failed.isEmpty else { return (Column(wrap(values), nulls: nulls), []) }
        var marked = nulls ?? [UInt8](repeating: 0, count: cells.count)
        for row in failed { marked[Int(row)] = 1 }
        return (Column(wrap(values), nulls: marked), failed)
    }

    /// Cells as the text that files have for them.
    private static func written(_ column: Column) -> Strings {
        var output = OutputBuffer(capacity: 16 * column.count)
        var extents: [Extent] = []
        extents.reserveCapacity(column.count)
        for row in 0..<column.count {
            let start = output.count
            switch column.values {
            case .bool(let cells): output.put(cells[row])
            case .int64(let cells): output.put(cells[row])
            case .double(let cells): output.put(cells[row])
            case .decimal(let cells): output.put(cells[row])
            case .timestamp(let cells): output.putTimestamp(cells[row])
            case .date(let cells): output.putDate(cells[row])
            case .stringList(let cells): output.putJSONList(cells, row)
            case .string: break
            }
            extents.append(Extent(start: UInt32(start), length: UInt32(output.count - start)))
        }
        return Strings(bytes: output.bytes, extents: extents)
    }
}

/// A value that stands where there is none.
protocol ZeroValued { static var zero: Self { get } }
extension Int64: ZeroValued {}
extension Int32: ZeroValued {}
extension Double: ZeroValued {}
extension ExactDecimal: ZeroValued {}
extension Bool: ZeroValued { static var zero: Bool { false } }
