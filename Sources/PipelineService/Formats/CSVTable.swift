internal import CSimdJSON
internal import CTabular

/// Makes columns of an index.
struct CSVTable {
    let index: CSVIndex
    /// Where in the buffer the first record begins.
    let from: Int
    let buffer: RecordBuffer
    let schema: Schema
    let delimiter: UInt8
    /// Where in the file it begins.
    let start: ReadPosition

    /// Bytes of a rejected record that are shown.
    private static let maximumText = 1_000

    /// A row that a cell keeps from being one.
    private struct Failure {
        let row: Int
        let column: Int?
    }

    func read() -> ReadBatch {
        var failures: [Failure] = invalidText()
        let columns = schema.fields.indices.map { column(at: $0, &failures) }
        var batch = ColumnBatch(schema: schema, columns: columns, rowCount: index.records)
        var rejected: [RejectedRecord] = []
        if !failures.isEmpty || index.badCount > 0 {
            // A row is rejected once, for its first fault.
            failures.sort { ($0.row, $0.column ?? -1) < ($1.row, $1.column ?? -1) }
            var isBad = [Bool](repeating: false, count: index.records)
            for failure in failures where !isBad[failure.row] {
                isBad[failure.row] = true
                rejected.append(rejection(failure))
            }
            if !failures.isEmpty { batch = batch.gather((0..<isBad.count).filter { !isBad[$0] }.map { UInt32($0) }) }
            rejected += (0..<index.badCount).map(rejection(ofBad:))
            rejected.sort { $0.offset < $1.offset }
        }
        let end = ReadPosition(
            offset: buffer.fileOffset + index.consumed, records: start.records + index.total)
        return ReadBatch(batch: batch, rejected: rejected, end: end)
    }

    // MARK: - Columns

    private func column(at column: Int, _ failures: inout [Failure]) -> Column {
        switch schema.fields[column].type {
        case .string: strings(column)
        case .int64:
            Column(.int64(parse(column, 0, &failures) { CellText.int64($0, $1, $2) }), nulls: nulls(column))
        case .double:
            Column(.double(parse(column, 0, &failures) { CellText.double($0, $1, $2) }), nulls: nulls(column))
        case .decimal:
            Column(.decimal(parse(column, .zero, &failures) { ExactDecimal($0, $1, $2) }), nulls: nulls(column))
        case .bool:
            Column(.bool(parse(column, false, &failures) { CellText.bool($0, $1, $2) }), nulls: nulls(column))
        case .date:
            Column(.date(parse(column, 0, &failures) { CellText.date($0, $1, $2) }), nulls: nulls(column))
        case .timestamp:
            Column(
                .timestamp(parse(column, 0, &failures) { CellText.timestamp($0, $1, $2) }), nulls: nulls(column))
        case .stringList: lists(column, &failures)
        }
    }

    /// The cells of a column in place: they stay where they stand in the file.
    private func strings(_ column: Int) -> Column {
        let width = schema.count
        let table = index.table
        let cells = table.span
        var hasNulls = false
        let extents = [Extent](capacity: index.records) { output in
            var at = column
            for _ in 0..<index.records {
                let cell = cells[at: at]
                hasNulls = hasNulls || cell.length == 0
                output.append(Extent(start: cell.start, length: cell.length & DATAVAULT_CELL_LENGTH))
                at += width
            }
        }
        return Column(
            .string(Strings(bytes: buffer.bytes, extents: extents)), nulls: hasNulls ? nulls(column, isText: true) : nil
        )
    }

    /// A byte a cell, 1 where it is empty; for texts, where it is empty and not in quotes.
    private func nulls(_ column: Int, isText: Bool = false) -> [UInt8]? {
        let width = schema.count
        let table = index.table
        let cells = table.span
        let mask = isText ? ~0 : DATAVAULT_CELL_LENGTH
        var any: UInt8 = 0
        let nulls = [UInt8](capacity: index.records) { output in
            var at = column
            for _ in 0..<index.records {
                let isNull: UInt8 = cells[at: at].length & mask == 0 ? 1 : 0
                any |= isNull
                output.append(isNull)
                at += width
            }
        }
        return any == 0 ? nil : nulls
    }

    @inline(__always)
    private func parse<Value: BitwiseCopyable>(
        _ column: Int, _ none: Value, _ failures: inout [Failure],
        _ value: (Span<UInt8>, Int, Int) -> Value?
    ) -> [Value] {
        let width = schema.count
        let table = index.table
        let cells = table.span
        let bytes = buffer.bytes.span
        var failed: [Failure] = []
        let values = [Value](capacity: index.records) { output in
            var at = column
            for row in 0..<index.records {
                let cell = cells[at: at]
                let length = Int(cell.length & DATAVAULT_CELL_LENGTH)
                if let value = value(bytes, Int(cell.start), length) {
                    output.append(value)
                } else {
                    output.append(none)
                    if length != 0 { failed.append(Failure(row: row, column: column)) }
                }
                at += width
            }
        }
        failures += failed
        return values
    }

    private func lists(_ column: Int, _ failures: inout [Failure]) -> Column {
        var builder = ColumnBuilder(.stringList)
        for row in 0..<index.records {
            let cell = index.cell(row * schema.count + column)
            if cell.length == 0 {
                builder.appendNull()
            } else if let list = CellText.stringList(buffer.bytes[cell.range]) {
                _ = builder.append(.stringList(list))
            } else {
                builder.appendNull()
                failures.append(Failure(row: row, column: column))
            }
        }
        return builder.finish()
    }

    // MARK: - Faults

    /// The rows that are not UTF-8.
    private func invalidText() -> [Failure] {
        isUTF8(from..<index.consumed)
            ? []
            : (0..<index.records).filter { !isUTF8(extent(ofRow: $0)) }.map { Failure(row: $0, column: nil) }
    }

    private func isUTF8(_ range: Range<Int>) -> Bool {
        unsafe buffer.bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return true }
            return unsafe datavault_utf8_is_valid(base + range.lowerBound, range.count)
        }
    }

    /// From a row's start to the next record's, be that one good or bad.
    private func extent(ofRow row: Int) -> Range<Int> {
        let start = index.start(ofRecord: row)
        let bad = badRecords(beforeRow: row)
        let isBadNext = bad < index.badCount && index.badRecord(bad).before == row + 1
        return start..<max(start, isBadNext ? Int(index.badRecord(bad).start) : index.start(ofRecord: row + 1))
    }

    /// How many bad records stand before a row: they are in the file's order.
    private func badRecords(beforeRow row: Int) -> Int {
        var (low, high) = (0, index.badCount)
        while low < high {
            let middle = (low + high) / 2
            if index.badRecord(middle).before <= row { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// A row's text as it stood in the file before doubled quotes were made single, cut near the limit of a rejection.
    private func text(ofRow row: Int) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        let table = index.table
        var text: [UInt8] = []
        for column in 0..<schema.count where text.count < Self.maximumText {
            if column > 0 { text.append(delimiter) }
            let isQuoted = table[row * schema.count + column].length & ~DATAVAULT_CELL_LENGTH != 0
            let content = buffer.bytes[index.cell(row * schema.count + column).range].prefix(Self.maximumText)
            guard isQuoted else {
                text += content
                continue
            }
            text.append(quote)
            for byte in content { text += byte == quote ? [quote, quote] : [byte] }
            text.append(quote)
        }
        return text
    }

    private func rejection(_ failure: Failure) -> RejectedRecord {
        let range = extent(ofRow: failure.row)
        let record = start.records + failure.row + badRecords(beforeRow: failure.row) + 1
        let row = text(ofRow: failure.row)
        guard let column = failure.column else {
            return rejection(.invalidUTF8, "the record is not UTF-8", nil, record, range.lowerBound, row)
        }
        let field = schema.fields[column]
        let cell = index.cell(failure.row * schema.count + column)
        let text = buffer.text(Int(cell.start)..<Int(cell.start) + min(Int(cell.length), 100))
        return rejection(
            .invalidValue, "column \"\(field.name)\": \"\(text)\" is no \(field.type.wording)", field.name, record,
            range.lowerBound, row)
    }

    private func rejection(ofBad number: Int) -> RejectedRecord {
        let bad = index.badRecord(number)
        let record = self.start.records + Int(bad.before) + number + 1
        let start = Int(bad.start)
        // A bad record was left as it is.
        let text = Array(buffer.bytes[start..<Int(bad.end)].prefix(Self.maximumText))
        return switch bad.fault {
        case datavault_record_ragged:
            rejection(
                .raggedRecord, "the record has \(bad.cells) cells, the table \(schema.count) columns", nil, record,
                start, text)
        case datavault_record_cell_too_long:
            rejection(.cellTooLong, "a cell is longer than the limit", nil, record, start, text)
        default:
            rejection(.textAfterQuote, "text follows a closing quote", nil, record, start, text)
        }
    }

    private func rejection(
        _ reason: RejectedRecord.Reason, _ message: String, _ field: String?, _ record: Int, _ offset: Int,
        _ bytes: [UInt8]
    ) -> RejectedRecord {
        var text = String(decoding: bytes.prefix(Self.maximumText), as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return RejectedRecord(
            reason: reason, message: message, field: field, record: record, offset: buffer.fileOffset + offset,
            text: text)
    }
}
