/// How newline-delimited JSON is read.
struct NDJSONReadOptions: Sendable {
    /// Types by field, for those that are not to be inferred.
    var types: [String: ColumnType] = [:]
    /// If a record with a field that the schema lacks is rejected; else the field is left out.
    var rejectsUnknownFields = true
}

/// Reads newline-delimited JSON, an object a line, in pieces.
///
/// A missing field is null. A text column takes any value, objects and arrays as their JSON; a time is a text.
struct NDJSONReader: RecordReader {
    private(set) var schema: Schema?
    private(set) var position: ReadPosition
    private let options: NDJSONReadOptions
    private let limits: FormatLimits
    private var buffer = RecordBuffer()

    /// Reads from `position` on; `schema` as in `CSVReader.init`.
    init(
        options: NDJSONReadOptions = NDJSONReadOptions(), limits: FormatLimits = FormatLimits(),
        schema: Schema? = nil, position: ReadPosition = ReadPosition()
    ) throws(FormatError) {
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
            guard try buffer.skipByteOrderMark() else { return nil }
            let lines = self.lines()
            guard let last = lines.last else {
                guard buffer.pending <= limits.maximumRecordBytes else {
                    throw FormatError(
                        .recordTooLong, "the record is longer than \(limits.maximumRecordBytes) bytes",
                        record: position.records + 1, offset: buffer.fileOffset + buffer.from)
                }
                buffer.needsMore()
                return nil
            }
            if schema == nil {
                schema = try JSONInference(options: options, limits: limits).schema(of: buffer.bytes, sample(lines))
            }
            guard let schema else { return nil }
            let end = min(last.upperBound + 1, buffer.bytes.count)
            var table = JSONTable(
                schema: schema, options: options, limits: limits, bytes: buffer.bytes, fileOffset: buffer.fileOffset)
            let read = table.read(lines, start: position, end: buffer.fileOffset + end)
            buffer.consume(to: end)
            position = read.end
            if read.batch.rowCount > 0 || !read.rejected.isEmpty { return read }
        }
        return nil
    }

    /// The lines that fields and types are found in: those within the file's first `chunkBytes`, or the first one where
    /// that is longer, so that the schema does not depend on how many bytes were pushed at once.
    private func sample(_ lines: [Range<Int>]) -> [Range<Int>] {
        let early = lines.prefix { buffer.fileOffset + $0.upperBound < limits.chunkBytes - 1 }
        return Array(early.isEmpty ? lines.prefix(1) : early)
    }

    /// The whole lines that come next, without their ends; at most as many as a batch holds. None is longer than may be.
    private func lines() -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = buffer.from
        let bytes = buffer.bytes
        while start < bytes.count, lines.count < limits.maximumBatchRows {
            guard let end = find([0x0A], in: bytes, start..<bytes.count) else {
                if buffer.isFinished, bytes.count - start <= limits.maximumRecordBytes {
                    lines.append(start..<bytes.count)
                }
                break
            }
            guard end - start <= limits.maximumRecordBytes else { break }
            lines.append(start..<end)
            start = end + 1
        }
        return lines
    }
}
