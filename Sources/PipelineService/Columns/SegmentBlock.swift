/// The cells of one column as bytes: a mask of nulls where there are any, then the values.
///
/// Whole numbers are stored as their distance from the least one, in as few bytes as the greatest distance takes; texts
/// as lengths and bytes, or, where few differ, as a dictionary and numbers into it; decimals as their texts.
enum SegmentBlock {
    static func encode(_ column: Column, into bytes: inout [UInt8]) {
        let nulls = column.nulls.flatMap { $0.contains { $0 != 0 } ? $0 : nil }
        bytes.append(nulls == nil ? 0 : 1)
        if let nulls { putBits(nulls.map { $0 != 0 }, into: &bytes) }
        func isNull(_ row: Int) -> Bool { nulls.map { $0[row] != 0 } ?? false }
        switch column.values {
        case .bool(let cells): putBits(cells.indices.map { cells[$0] && !isNull($0) }, into: &bytes)
        case .int64(let cells), .timestamp(let cells):
            putNumbers(cells.indices.map { isNull($0) ? nil : cells[$0] }, into: &bytes)
        case .date(let cells):
            putNumbers(cells.indices.map { isNull($0) ? nil : Int64(cells[$0]) }, into: &bytes)
        case .double(let cells):
            bytes.reserveCapacity(bytes.count + 8 * cells.count)
            for row in cells.indices { bytes.put(isNull(row) ? 0 : cells[row].bitPattern) }
        case .decimal(let cells): putTexts(DecimalTexts.written(cells) { isNull($0) }, into: &bytes)
        case .string(let texts):
            var extents = texts.extents
            for row in extents.indices where isNull(row) { extents[row].length = 0 }
            putTexts(Strings(bytes: texts.bytes, extents: extents), into: &bytes)
        case .stringList(let lists):
            var elements = Strings(bytes: lists.elements.bytes)
            var lengths: [Int64?] = []
            for row in lists.extents.indices {
                let range = isNull(row) ? 0..<0 : lists.extents[row].range
                lengths.append(Int64(range.count))
                elements.extents += lists.elements.extents[range]
            }
            putNumbers(lengths, into: &bytes)
            bytes.put(UInt32(elements.count))
            putTexts(elements, into: &bytes)
        }
    }

    // MARK: - Writing

    private static func putBits(_ bits: [Bool], into bytes: inout [UInt8]) {
        var byte: UInt8 = 0
        for (index, bit) in bits.enumerated() {
            if bit { byte |= 1 << UInt8(index & 7) }
            if index & 7 == 7 {
                bytes.append(byte)
                byte = 0
            }
        }
        if bits.count & 7 != 0 { bytes.append(byte) }
    }

    /// The least number, the width of distances in bytes, and the distances.
    private static func putNumbers(_ numbers: [Int64?], into bytes: inout [UInt8]) {
        var least = Int64.max
        var greatest = Int64.min
        for case .some(let number) in numbers {
            least = min(least, number)
            greatest = max(greatest, number)
        }
        if least > greatest { (least, greatest) = (0, 0) }
        let span = UInt64(bitPattern: greatest &- least)
        let width = span == 0 ? 0 : span <= 0xFF ? 1 : span <= 0xFFFF ? 2 : span <= 0xFFFF_FFFF ? 4 : 8
        bytes.put(least)
        bytes.append(UInt8(width))
        bytes.reserveCapacity(bytes.count + width * numbers.count)
        for number in numbers {
            let distance = UInt64(bitPattern: (number ?? least) &- least)
            for place in 0..<UInt64(width) { bytes.append(UInt8(truncatingIfNeeded: distance >> (8 * place))) }
        }
    }

    private static func putTexts(_ texts: Strings, into bytes: inout [UInt8]) {
        if let dictionary = TextDictionary(texts) {
            bytes.append(1)
            bytes.put(UInt32(dictionary.texts.count))
            putPlainTexts(dictionary.texts, into: &bytes)
            putNumbers(dictionary.codes.map { Int64($0) }, into: &bytes)
        } else {
            bytes.append(0)
            putPlainTexts(texts, into: &bytes)
        }
    }

    private static func putPlainTexts(_ texts: Strings, into bytes: inout [UInt8]) {
        putNumbers(texts.extents.map { Int64($0.length) }, into: &bytes)
        bytes.put(UInt32(texts.textBytes))
        for extent in texts.extents { bytes.append(contentsOf: texts.bytes[extent.range]) }
    }

    // MARK: - Reading

    static func decode(_ bytes: ArraySlice<UInt8>, _ type: ColumnType, rows: Int) throws(SegmentError) -> Column {
        var reader = ByteReader(bytes)
        guard let column = column(&reader, type, rows), reader.isAtEnd else { throw .malformed("column") }
        return column
    }

    private static func column(_ reader: inout ByteReader, _ type: ColumnType, _ rows: Int) -> Column? {
        guard let hasNulls = reader.byte() else { return nil }
        var nulls: [UInt8]?
        if hasNulls != 0 {
            guard let bits = bits(&reader, rows) else { return nil }
            nulls = bits.map { $0 ? 1 : 0 }
        }
        switch type {
        case .bool: return bits(&reader, rows).map { Column(.bool($0), nulls: nulls) }
        case .int64: return numbers(&reader, rows).map { Column(.int64($0), nulls: nulls) }
        case .timestamp: return numbers(&reader, rows).map { Column(.timestamp($0), nulls: nulls) }
        case .date:
            guard let cells = numbers(&reader, rows), cells.allSatisfy({ Int32(exactly: $0) != nil }) else {
                return nil
            }
            return Column(.date(cells.map { Int32(truncatingIfNeeded: $0) }), nulls: nulls)
        case .double:
            guard let cells = reader.bytes(8 * rows) else { return nil }
            return Column(.double(words(cells, 8, rows).map { Double(bitPattern: $0) }), nulls: nulls)
        case .decimal:
            guard let texts = texts(&reader, rows), let cells = DecimalTexts.read(texts, nulls) else { return nil }
            return Column(.decimal(cells), nulls: nulls)
        case .string: return texts(&reader, rows).map { Column(.string($0), nulls: nulls) }
        case .stringList:
            guard let lengths = numbers(&reader, rows), let count = reader.uint32(),
                Int(count) <= reader.remaining + 1 << 24,
                let extents = extents(lengths, total: Int(count)), let elements = texts(&reader, Int(count))
            else { return nil }
            return Column(.stringList(StringLists(elements: elements, extents: extents)), nulls: nulls)
        }
    }

    private static func bits(_ reader: inout ByteReader, _ count: Int) -> [Bool]? {
        guard let bytes = reader.bytes((count + 7) / 8) else { return nil }
        let base = bytes.startIndex
        return (0..<count).map { bytes[base + $0 >> 3] & 1 << UInt8($0 & 7) != 0 }
    }

    private static func numbers(_ reader: inout ByteReader, _ count: Int) -> [Int64]? {
        guard let least = reader.uint64(), let width = reader.byte(), [0, 1, 2, 4, 8].contains(width) else {
            return nil
        }
        guard let bytes = reader.bytes(Int(width) * count) else { return nil }
        return words(bytes, Int(width), count).map { Int64(bitPattern: least) &+ Int64(bitPattern: $0) }
    }

    private static func words(_ bytes: ArraySlice<UInt8>, _ width: Int, _ count: Int) -> [UInt64] {
        let span = bytes.span
        return [UInt64](capacity: count) { output in
            for row in 0..<count {
                var word: UInt64 = 0
                for place in 0..<width { word |= UInt64(span[at: row * width + place]) << UInt64(8 * place) }
                output.append(word)
            }
        }
    }

    private static func texts(_ reader: inout ByteReader, _ count: Int) -> Strings? {
        guard let kind = reader.byte() else { return nil }
        if kind == 0 { return plainTexts(&reader, count) }
        guard kind == 1, let size = reader.uint32(), Int(size) <= Segment.maximumRows,
            let dictionary = plainTexts(&reader, Int(size)), let codes = numbers(&reader, count),
            codes.allSatisfy({ $0 >= 0 && $0 < Int64(size) })
        else { return nil }
        return Strings(bytes: dictionary.bytes, extents: codes.map { dictionary.extents[Int($0)] })
    }

    private static func plainTexts(_ reader: inout ByteReader, _ count: Int) -> Strings? {
        guard let lengths = numbers(&reader, count), let total = reader.uint32(), let bytes = reader.bytes(Int(total)),
            let extents = extents(lengths, total: Int(total))
        else { return nil }
        return Strings(bytes: Array(bytes), extents: extents)
    }

    /// Ranges one behind the other, of these lengths; none where they do not come to the total.
    private static func extents(_ lengths: [Int64], total: Int) -> [Extent]? {
        var extents: [Extent] = []
        extents.reserveCapacity(lengths.count)
        var at = 0
        for length in lengths {
            guard length >= 0, length <= Int64(total - at) else { return nil }
            extents.append(Extent(start: UInt32(at), length: UInt32(length)))
            at += Int(length)
        }
        return at == total ? extents : nil
    }
}
