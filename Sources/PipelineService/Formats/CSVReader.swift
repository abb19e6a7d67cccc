internal import CSimdJSON
internal import CTabular

/// Reads comma-separated values (RFC 4180) in pieces.
///
/// An empty cell is null, an empty pair of quotes an empty text; records end with LF or CRLF; empty lines are no records,
/// except in a file of one column, where they are nulls; quotes inside an unquoted cell are text.
struct CSVReader: RecordReader {
    private(set) var schema: Schema?
    private(set) var position: ReadPosition
    private let options: CSVReadOptions
    private let limits: FormatLimits
    private var buffer = RecordBuffer()
    private var index = CSVIndex()

    /// Reads from `position` on, where a `schema` that an earlier reader of the same file gave says what the columns are;
    /// without one from the beginning, and header and types are found there.
    init(
        options: CSVReadOptions = CSVReadOptions(), limits: FormatLimits = FormatLimits(), schema: Schema? = nil,
        position: ReadPosition = ReadPosition()
    ) throws(FormatError) {
        guard options.delimiter < 0x80, ![0x0A, 0x0D, 0x22, 0].contains(options.delimiter) else {
            throw FormatError(.invalidOptions, "a delimiter is a character of ASCII, no quote and no end of line")
        }
        guard schema != nil || position == ReadPosition() else {
            throw FormatError(.invalidOptions, "reading from the middle of a file needs its schema")
        }
        self.options = options
        self.limits = limits
        self.schema = schema
        self.position = position
        buffer.fileOffset = position.offset
    }

    mutating func push(_ bytes: ArraySlice<UInt8>) { buffer.push(bytes) }

    mutating func finish() { buffer.finish() }

    mutating func next() throws(FormatError) -> ReadBatch? {
        while buffer.isWorthScanning(limits.chunkBytes) {
            if position == ReadPosition(), try !readHeader() { return nil }
            guard let schema else { return nil }
            let base = buffer.from
            let status = index.scan(
                &buffer, columns: schema.count, maximumRecords: limits.maximumBatchRows, limits: limits,
                delimiter: options.delimiter)
            // What is wrong with a record is said once those before it were given.
            guard index.consumed > base else {
                try checkUnended(status)
                if status == datavault_table_unclosed_quote {
                    throw FormatError(
                        .unclosedQuote, "a quote is opened and never closed", record: position.records + 1,
                        offset: buffer.fileOffset + base)
                }
                buffer.needsMore()
                return nil
            }
            let read = CSVTable(
                index: index, from: base, buffer: buffer, schema: schema, delimiter: options.delimiter, start: position
            ).read()
            buffer.consume(to: index.consumed)
            position = read.end
            if read.batch.rowCount > 0 || !read.rejected.isEmpty { return read }
        }
        return nil
    }

    /// The next record, which has no end yet or one beyond the limit, must not be longer than the limit. What is wrong
    /// with it is told from as many bytes as it may have, so that it does not depend on how many were pushed.
    private mutating func checkUnended(_ status: datavault_table_status) throws(FormatError) {
        guard status == datavault_table_record_too_long || buffer.pending > limits.maximumRecordBytes else { return }
        let record = position.records + 1
        let offset = buffer.fileOffset + buffer.from
        _ = index.scan(
            &buffer, columns: 1, maximumRecords: 1, limits: limits, delimiter: options.delimiter,
            window: limits.maximumRecordBytes + 1)
        if index.isQuoteOpen {
            throw FormatError(
                .unclosedQuote, "a quote is opened and not closed within \(limits.maximumRecordBytes) bytes",
                record: record, offset: offset)
        }
        throw FormatError(
            .recordTooLong, "the record is longer than \(limits.maximumRecordBytes) bytes", record: record,
            offset: offset)
    }

    /// Reads what stands before the first record and fixes the schema; false where more bytes are needed.
    private mutating func readHeader() throws(FormatError) -> Bool {
        guard try buffer.skipByteOrderMark() else { return false }
        let maximum = limits.schema.maximumColumns
        guard let cells = index.countCells(buffer, delimiter: options.delimiter, limits: limits) else {
            try checkUnended(datavault_table_end_of_text)
            buffer.needsMore()
            return false
        }
        guard cells <= maximum else {
            throw FormatError(.tooManyColumns, "the first record has more than \(maximum) cells")
        }
        var names = options.names ?? (1...cells).map { "column_\($0)" }
        var body = buffer.from
        if options.hasHeader {
            guard buffer.pending > 0 else { throw FormatError(.emptyFile, "the file is empty") }
            let found = try headerNames(cells)
            body = index.consumed
            if options.names == nil { names = found }
        }
        guard names.count == cells else {
            throw FormatError(.invalidHeader, "\(names.count) names are given for \(cells) columns")
        }
        if let schema {
            guard schema.count == cells else {
                throw FormatError(.invalidHeader, "the file has \(cells) columns, its schema \(schema.count)")
            }
        } else {
            guard let found = try inferSchema(names, from: body) else {
                buffer.needsMore()
                return false
            }
            schema = found
        }
        if options.hasHeader { buffer.consume(to: body) }
        position.offset = buffer.fileOffset + buffer.from
        return true
    }

    private mutating func headerNames(_ cells: Int) throws(FormatError) -> [String] {
        let status = index.scan(
            &buffer, columns: cells, maximumRecords: 1, limits: limits, delimiter: options.delimiter)
        guard status != datavault_table_unclosed_quote else {
            throw FormatError(.unclosedQuote, "a quote in the header is never closed")
        }
        if status == datavault_table_record_too_long { try checkUnended(status) }
        guard index.records == 1 else { throw FormatError(.invalidHeader, "the header is not well-formed") }
        return (0..<cells).map { column in
            let name = buffer.text(index.cell(column).range).trimmingSpaces()
            return name.isEmpty ? "column_\(column + 1)" : name
        }
    }

    /// The schema of columns with these names; none where the first record's end was not pushed yet.
    private mutating func inferSchema(_ names: [String], from body: Int) throws(FormatError) -> Schema? {
        for name in options.types.keys where !names.contains(name) {
            throw FormatError(.noSuchColumn, "a type is given for column \"\(name)\", which the file does not have")
        }
        var inferences = [TypeInference](repeating: TypeInference(), count: names.count)
        if options.infersTypes {
            guard let sample = try sample(columns: names.count, from: body) else { return nil }
            let bytes = sample.bytes.span
            for record in 0..<index.records {
                for column in names.indices {
                    let cell = index.cell(record * names.count + column)
                    inferences[column].observe(bytes, Int(cell.start), Int(cell.length))
                }
            }
        }
        let fields = names.enumerated().map { column, name in
            Field(name, options.types[name] ?? inferences[column].type)
        }
        do {
            return try Schema(fields, limits: limits.schema)
        } catch {
            throw FormatError(.invalidHeader, error.description)
        }
    }

    /// Finds the records that types are inferred from: those within the file's first `chunkBytes`, or the first one where
    /// that is longer, so that types do not depend on how many bytes were pushed at once. None where it has no end yet.
    ///
    /// They are scanned in a copy: what is found is scanned again with the first batch.
    private mutating func sample(columns: Int, from body: Int) throws(FormatError) -> RecordBuffer? {
        var copy = buffer
        copy.consume(to: body)
        // Where a file is longer, this many bytes and one more were pushed: it is known not to end there.
        let window = limits.chunkBytes - 1 - buffer.fileOffset - body
        if window > 0 {
            _ = index.scan(
                &copy, columns: columns, maximumRecords: limits.inferenceRecords, limits: limits,
                delimiter: options.delimiter, window: window)
            if index.total > 0 { return copy }
        }
        let status = index.scan(
            &copy, columns: columns, maximumRecords: 1, limits: limits, delimiter: options.delimiter)
        let isWhole = index.total > 0 || status != datavault_table_end_of_text || buffer.isFinished
        // A record that is too long is refused once the header was taken.
        return isWhole || copy.bytes.count - index.consumed > limits.maximumRecordBytes ? copy : nil
    }
}

extension String {
    /// Without spaces at both ends.
    func trimmingSpaces() -> String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
