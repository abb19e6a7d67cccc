/// A column that is made of JSON values, whose texts stay where they stand in the file.
struct JSONColumn {
    let type: ColumnType
    private var bools: [Bool] = []
    private var integers: [Int64] = []
    private var doubles: [Double] = []
    private var decimals: [ExactDecimal] = []
    private var dates: [Int32] = []
    private var extents: [Extent] = []
    private var elements: [Extent] = []
    private var nulls: [UInt8] = []
    private var hasNulls = false

    init(type: ColumnType) { self.type = type }

    var count: Int { nulls.count }

    /// Appends a value; false where the column holds no such values.
    mutating func append(_ value: JSONRecord.Value, _ bytes: inout [UInt8], _ limits: FormatLimits) -> Bool {
        switch (type, value) {
        case (_, .null):
            appendNull()
            return true
        case (.bool, .bool(let value)): bools.append(value)
        case (.int64, .number(let digits)):
            let span = bytes.span
            if let value = CellText.int64(span, digits.lowerBound, digits.count) {
                integers.append(value)
            } else if let value = CellText.double(span, digits.lowerBound, digits.count),
                let whole = Int64(exactly: value)
            {
                integers.append(whole)
            } else {
                return false
            }
        case (.double, .number(let digits)):
            guard let value = CellText.double(bytes.span, digits.lowerBound, digits.count) else { return false }
            doubles.append(value)
        case (.double, .text(let text)):
            // What JSON has no numbers for, as protobuf writes it.
            let names: [(String, Double)] = [("NaN", .nan), ("Infinity", .infinity), ("-Infinity", -.infinity)]
            guard let value = names.first(where: { bytes[text].elementsEqual($0.0.utf8) })?.1 else { return false }
            doubles.append(value)
        case (.decimal, .number(let digits)), (.decimal, .text(let digits)):
            // The digits as they stand in the file, in quotes or without.
            guard let value = ExactDecimal(bytes.span, digits.lowerBound, digits.count) else { return false }
            decimals.append(value)
        case (.timestamp, .text(let text)):
            guard let value = CellText.timestamp(bytes.span, text.lowerBound, text.count) else { return false }
            integers.append(value)
        case (.date, .text(let text)):
            guard let value = CellText.date(bytes.span, text.lowerBound, text.count) else { return false }
            dates.append(value)
        case (.string, .text(let text)), (.string, .number(let text)), (.string, .other(let text)):
            guard text.count <= limits.maximumCellBytes else { return false }
            extents.append(Extent(start: UInt32(text.lowerBound), length: UInt32(text.count)))
        case (.string, .bool(let value)): return appendWord(value ? "true" : "false", &bytes)
        case (.string, .texts(let texts)):
            // As JSON again; rare, so it may be slow.
            let list = texts.map { String(decoding: bytes[$0], as: UTF8.self) }
            var output = OutputBuffer(capacity: 256)
            output.putJSONList(
                StringLists(elements: Strings(list), extents: [Extent(start: 0, length: UInt32(list.count))]), 0)
            return appendWord(String(decoding: output.bytes, as: UTF8.self), &bytes)
        case (.stringList, .texts(let texts)):
            guard texts.count <= limits.maximumListElements else { return false }
            extents.append(Extent(start: UInt32(elements.count), length: UInt32(texts.count)))
            elements += texts.map { Extent(start: UInt32($0.lowerBound), length: UInt32($0.count)) }
        default: return false
        }
        nulls.append(0)
        return true
    }

    /// A text that does not stand in the file: behind all that does.
    private mutating func appendWord(_ word: String, _ bytes: inout [UInt8]) -> Bool {
        extents.append(Extent(start: UInt32(bytes.count), length: UInt32(word.utf8.count)))
        bytes.append(contentsOf: word.utf8)
        nulls.append(0)
        return true
    }

    mutating func appendNull() {
        switch type {
        case .bool: bools.append(false)
        case .int64, .timestamp: integers.append(0)
        case .double: doubles.append(0)
        case .decimal: decimals.append(.zero)
        case .date: dates.append(0)
        case .string, .stringList: extents.append(Extent(start: 0, length: 0))
        }
        nulls.append(1)
        hasNulls = true
    }

    /// Takes back what a record that was rejected had appended.
    mutating func truncate(to count: Int) {
        guard nulls.count > count else { return }
        nulls.removeLast(nulls.count - count)
        switch type {
        case .bool: bools.removeLast(bools.count - count)
        case .int64, .timestamp: integers.removeLast(integers.count - count)
        case .double: doubles.removeLast(doubles.count - count)
        case .decimal: decimals.removeLast(decimals.count - count)
        case .date: dates.removeLast(dates.count - count)
        case .string, .stringList: extents.removeLast(extents.count - count)
        }
    }

    func finish(_ bytes: [UInt8]) -> Column {
        let nulls = hasNulls ? nulls : nil
        return switch type {
        case .bool: Column(.bool(bools), nulls: nulls)
        case .int64: Column(.int64(integers), nulls: nulls)
        case .timestamp: Column(.timestamp(integers), nulls: nulls)
        case .double: Column(.double(doubles), nulls: nulls)
        case .decimal: Column(.decimal(decimals), nulls: nulls)
        case .date: Column(.date(dates), nulls: nulls)
        case .string: Column(.string(Strings(bytes: bytes, extents: extents)), nulls: nulls)
        case .stringList:
            Column(
                .stringList(StringLists(elements: Strings(bytes: bytes, extents: elements), extents: extents)),
                nulls: nulls)
        }
    }
}
