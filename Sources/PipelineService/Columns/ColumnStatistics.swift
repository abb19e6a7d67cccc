/// What is known of a column's cells without reading them.
struct ColumnStatistics: Sendable, Hashable {
    let nullCount: Int
    /// The least and greatest cell by value that is not null, NaN left out; `null` for lists and where there is none. A text's
    /// are cut to 64 bytes: the least to a prefix of it, the greatest, where it is longer, to none.
    let minimum: CellValue
    let maximum: CellValue

    private static let maximumText = 64

    init(nullCount: Int, minimum: CellValue, maximum: CellValue) {
        (self.nullCount, self.minimum, self.maximum) = (nullCount, minimum, maximum)
    }

    init(_ column: Column) {
        nullCount = column.nulls?.count { $0 != 0 } ?? 0
        switch column.values {
        case .bool(let cells):
            (minimum, maximum) = Self.bounds(cells.map { $0 ? 1 : 0 as Int64 }, column.nulls) { .bool($0 == 1) }
        case .int64(let cells): (minimum, maximum) = Self.bounds(cells, column.nulls) { .int64($0) }
        case .timestamp(let cells): (minimum, maximum) = Self.bounds(cells, column.nulls) { .timestamp($0) }
        case .date(let cells): (minimum, maximum) = Self.bounds(cells, column.nulls) { .date($0) }
        case .double(let cells): (minimum, maximum) = Self.bounds(cells, column.nulls) { .double($0) }
        case .decimal(let cells): (minimum, maximum) = Self.bounds(cells, column.nulls)
        case .string(let texts): (minimum, maximum) = Self.bounds(texts, column.nulls)
        case .stringList: (minimum, maximum) = (.null, .null)
        }
    }

    private static func bounds<Value: Comparable & BitwiseCopyable>(
        _ cells: [Value], _ nulls: [UInt8]?, _ cell: (Value) -> CellValue
    ) -> (CellValue, CellValue) {
        var least: Value?
        var greatest: Value?
        for (row, value) in cells.enumerated() where (nulls.map { $0[row] == 0 } ?? true) && value == value {
            if least.map({ value < $0 }) ?? true { least = value }
            if greatest.map({ value > $0 }) ?? true { greatest = value }
        }
        return (least.map(cell) ?? .null, greatest.map(cell) ?? .null)
    }

    private static func bounds(_ cells: [ExactDecimal], _ nulls: [UInt8]?) -> (CellValue, CellValue) {
        var least: ExactDecimal?
        var greatest: ExactDecimal?
        for (row, value) in cells.enumerated() where nulls.map({ $0[row] == 0 }) ?? true {
            if least.map({ ExactDecimal.order(value, $0) < 0 }) ?? true { least = value }
            if greatest.map({ ExactDecimal.order(value, $0) > 0 }) ?? true { greatest = value }
        }
        return (least.map { .decimal($0) } ?? .null, greatest.map { .decimal($0) } ?? .null)
    }

    private static func bounds(_ texts: Strings, _ nulls: [UInt8]?) -> (CellValue, CellValue) {
        var least: Extent?
        var greatest: Extent?
        let bytes = texts.bytes.span
        for (row, text) in texts.extents.enumerated() where nulls.map({ $0[row] == 0 }) ?? true {
            if least.map({ compareText(bytes, text, bytes, $0) < 0 }) ?? true { least = text }
            if greatest.map({ compareText(bytes, text, bytes, $0) > 0 }) ?? true { greatest = text }
        }
        guard let least, let greatest else { return (.null, .null) }
        var prefix = texts.bytes[least.range].prefix(maximumText)
        // Not in the middle of a character.
        if least.length > maximumText {
            while let last = prefix.last, last & 0xC0 == 0x80 { prefix.removeLast() }
            if let last = prefix.last, last >= 0xC0 { prefix.removeLast() }
        }
        let maximum: CellValue =
            greatest.length > maximumText
            ? .null : .string(String(decoding: texts.bytes[greatest.range], as: UTF8.self))
        return (.string(String(decoding: prefix, as: UTF8.self)), maximum)
    }

    // MARK: - Bytes

    func encode(into bytes: inout [UInt8]) {
        bytes.put(UInt64(nullCount))
        for cell in [minimum, maximum] {
            bytes.append(cell == .null ? 0 : 1)
            switch cell {
            case .null, .stringList: break
            case .bool(let value): bytes.append(value ? 1 : 0)
            case .int64(let value), .timestamp(let value): bytes.put(value)
            case .double(let value): bytes.put(value.bitPattern)
            case .date(let value): bytes.put(value)
            case .decimal(let value): bytes.putText(value.description)
            case .string(let value): bytes.putText(value)
            }
        }
    }

    init?(_ type: ColumnType, from reader: inout ByteReader) {
        guard let count = reader.count(), let least = Self.cell(type, &reader), let greatest = Self.cell(type, &reader)
        else { return nil }
        (nullCount, minimum, maximum) = (count, least, greatest)
    }

    private static func cell(_ type: ColumnType, _ reader: inout ByteReader) -> CellValue? {
        guard let hasValue = reader.byte() else { return nil }
        if hasValue == 0 { return .null }
        return switch type {
        case .bool: reader.byte().map { .bool($0 != 0) }
        case .int64: reader.uint64().map { .int64(Int64(bitPattern: $0)) }
        case .timestamp: reader.uint64().map { .timestamp(Int64(bitPattern: $0)) }
        case .double: reader.uint64().map { .double(Double(bitPattern: $0)) }
        case .date: reader.uint32().map { .date(Int32(bitPattern: $0)) }
        case .decimal: reader.text().flatMap { ExactDecimal($0) }.map { .decimal($0) }
        case .string: reader.text().map { .string($0) }
        case .stringList: nil
        }
    }
}
