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
                &buffer, columns: schema.count, maximumRecords: limits.maximumBatchRows,
                maximumCellBytes: limits.maximumCellBytes, delimiter: options.delimiter)
            if status == datavault_table_unclosed_quote {
                throw FormatError(
                    .unclosedQuote, "a quote is opened and never closed", record: position.records + index.total + 1,
                    offset: buffer.fileOffset + index.consumed)
            }
            guard index.consumed > base else {
                try checkUnended()
                buffer.needsMore()
                return nil
            }
            let read = CSVTable(index: index, from: base, buffer: buffer, schema: schema, start: position).read()
            buffer.consume(to: index.consumed)
            position = read.end
            if read.batch.rowCount > 0 || !read.rejected.isEmpty { return read }
        }
        return nil
    }

    /// A record that has no end yet must not be longer than the limit.
    private func checkUnended() throws(FormatError) {
        guard buffer.pending > limits.maximumRecordBytes else { return }
        let record = position.records + 1
        let offset = buffer.fileOffset + buffer.from
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
        let cells = index.countCells(buffer, delimiter: options.delimiter, maximum: maximum)
        guard let cells else {
            try checkUnended()
            buffer.needsMore()
            return false
        }
        guard cells <= maximum else {
            throw FormatError(.tooManyColumns, "the first record has more than \(maximum) cells")
        }
        var names = options.names ?? (1...cells).map { "column_\($0)" }
        if options.hasHeader {
            guard buffer.pending > 0 else { throw FormatError(.emptyFile, "the file is empty") }
            let found = try headerNames(cells)
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
            schema = try inferSchema(names)
        }
        position.offset = buffer.fileOffset + buffer.from
        return true
    }

    private mutating func headerNames(_ cells: Int) throws(FormatError) -> [String] {
        let status = index.scan(
            &buffer, columns: cells, maximumRecords: 1, maximumCellBytes: limits.maximumCellBytes,
            delimiter: options.delimiter)
        guard status != datavault_table_unclosed_quote else {
            throw FormatError(.unclosedQuote, "a quote in the header is never closed")
        }
        guard index.records == 1 else { throw FormatError(.invalidHeader, "the header is not well-formed") }
        let names = (0..<cells).map { column in
            let name = buffer.text(index.cell(column).range).trimmingSpaces()
            return name.isEmpty ? "column_\(column + 1)" : name
        }
        buffer.consume(to: index.consumed)
        return names
    }

    private mutating func inferSchema(_ names: [String]) throws(FormatError) -> Schema {
        for name in options.types.keys where !names.contains(name) {
            throw FormatError(.noSuchColumn, "a type is given for column \"\(name)\", which the file does not have")
        }
        var inferences = [TypeInference](repeating: TypeInference(), count: names.count)
        if options.infersTypes {
            // The sample is scanned in a copy: what it finds is scanned again with the first batch.
            var copy = buffer
            _ = index.scan(
                &copy, columns: names.count, maximumRecords: limits.inferenceRecords,
                maximumCellBytes: limits.maximumCellBytes, delimiter: options.delimiter)
            let bytes = copy.bytes.span
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
