@testable import PipelineService

/// Comma-separated values in every shape: in pieces as in one, from the middle as from the beginning, and the same cells
/// once they were written and read again.
func fuzzCSV(_ input: [UInt8]) {
    let shape = TabularShape(input)
    var options = CSVReadOptions(
        delimiter: shape.delimiter, hasHeader: shape.hasHeader, infersTypes: shape.infersTypes)
    if !shape.hasHeader, let forced = shape.forced { options.types = ["column_1": forced] }
    checkReading(shape) { schema, position throws(FormatError) in
        try CSVReader(options: options, limits: shape.limits, schema: schema, position: position)
    } again: { batch in
        for hasHeader in [true, false] {
            let written = CSVWriteOptions(delimiter: shape.delimiter, writesHeader: hasHeader)
            let bytes = write(batch, CSVWriter(options: written))
            let names = batch.schema.fields.map(\.name)
            let types = Dictionary(uniqueKeysWithValues: batch.schema.fields.map { ($0.name, $0.type) })
            let read = CSVReadOptions(
                delimiter: shape.delimiter, hasHeader: hasHeader, names: hasHeader ? nil : names, types: types)
            check(batch, bytes, "CSV") { () throws(FormatError) in try CSVReader(options: read) }
        }
    }
    checkCells(shape.bytes)
}

/// The same of newline-delimited JSON.
func fuzzNDJSON(_ input: [UInt8]) {
    let shape = TabularShape(input)
    var options = NDJSONReadOptions(rejectsUnknownFields: shape.infersTypes)
    if let forced = shape.forced { options.types = ["a": forced] }
    checkReading(shape) { schema, position throws(FormatError) in
        try NDJSONReader(options: options, limits: shape.limits, schema: schema, position: position)
    } again: { _ in
    }
}

private func checkReading<Reader: RecordReader>(
    _ shape: TabularShape, _ make: (Schema?, ReadPosition) throws(FormatError) -> Reader,
    again: (ColumnBatch) -> Void
) {
    let whole = TabularReading(shape.bytes, chunk: .max) { () throws(FormatError) in try make(nil, ReadPosition()) }
    let pieces = TabularReading(shape.bytes, chunk: shape.chunk) { () throws(FormatError) in
        try make(nil, ReadPosition())
    }
    checkSame(whole, pieces, "in pieces")
    if whole.fault == nil {
        precondition(whole.position.offset == shape.bytes.count, "bytes were lost")
        precondition(whole.position.records == whole.rows.count + whole.rejected.count, "records were lost")
    }
    for rejected in whole.rejected { precondition(rejected.offset < shape.bytes.count, "a record beyond the file") }
    for batch in whole.batches {
        precondition(batch.batch.rowCount + batch.rejected.count <= 1_024 + shape.limits.maximumBatchRows, "no bound")
    }
    // A second reader goes on where a batch of the first one ended.
    if let schema = whole.schema, whole.batches.indices.contains(shape.resumed) {
        let done = whole.batches[...shape.resumed]
        let end = whole.batches[shape.resumed].end
        let rest = TabularReading(shape.bytes, from: end.offset, chunk: shape.chunk) { () throws(FormatError) in
            try make(schema, end)
        }
        precondition(rest.fault == whole.fault, "going on: \(rest.fault as Any) and \(whole.fault as Any)")
        checkSame(done.flatMap { $0.batch.rows(0..<$0.batch.rowCount) } + rest.rows, whole.rows, "going on")
        precondition(done.flatMap(\.rejected) + rest.rejected == whole.rejected, "going on: other rejected records")
    }
    for batch in whole.batches {
        again(batch.batch)
        checkNDJSON(batch.batch)
        checkSegment(batch.batch, damagedAt: shape.bytes.count &* 31)
    }
}

private func write(_ batch: ColumnBatch, _ writer: some RecordWriter) -> [UInt8] {
    var bytes = writer.header(batch.schema)
    var row = 0
    while row < batch.rowCount { bytes += writer.encode(batch, from: &row, chunkBytes: 100) }
    return bytes
}

private func checkNDJSON(_ batch: ColumnBatch) {
    let types = Dictionary(uniqueKeysWithValues: batch.schema.fields.map { ($0.name, $0.type) })
    check(batch, write(batch, NDJSONWriter()), "NDJSON") { () throws(FormatError) in
        try NDJSONReader(options: NDJSONReadOptions(types: types))
    }
}

private func check(
    _ batch: ColumnBatch, _ bytes: [UInt8], _ what: String, _ make: () throws(FormatError) -> some RecordReader
) {
    guard batch.rowCount > 0 else { return }
    let again = TabularReading(bytes, chunk: .max, make)
    precondition(again.fault == nil, "\(what) that was written cannot be read: \(again.fault as Any)")
    precondition(again.rejected.isEmpty, "\(what) that was written is rejected: \(again.rejected)")
    precondition(again.schema?.fields == batch.schema.fields, "\(what): another schema")
    checkSame(batch.rows(0..<batch.rowCount), again.rows, what)
}

/// A cell's text gives the number or time that its own text gives again.
private func checkCells(_ text: [UInt8]) {
    guard text.count <= 64 else { return }
    let span = text.span
    _ = CellText.bool(span, 0, text.count)
    if let value = CellText.int64(span, 0, text.count) {
        check("\(value)", value) { CellText.int64($0.span, 0, $0.count) }
    }
    if let value = CellText.double(span, 0, text.count), value.isFinite {
        precondition(value == Double(String(decoding: text, as: UTF8.self)), "another number: \(value)")
    }
    if let value = CellText.date(span, 0, text.count) {
        var output = OutputBuffer(capacity: 64)
        output.putDate(value)
        precondition(output.bytes == text, "another day")
    }
    if let value = CellText.timestamp(span, 0, text.count) {
        var output = OutputBuffer(capacity: 64)
        output.putTimestamp(value)
        let again = output.bytes
        precondition(CellText.timestamp(again.span, 0, again.count) == value, "another time")
    }
}

private func check<Value: Equatable>(_ text: String, _ value: Value, _ read: ([UInt8]) -> Value?) {
    precondition(read(Array(text.utf8)) == value, "\(text) is read as another value")
}
