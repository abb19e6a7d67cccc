/// How newline-delimited JSON is read.
struct NDJSONReadOptions: Sendable {
    /// Types by field, for those that are not to be inferred.
    var types: [String: ColumnType] = [:]
    /// If a record with a field that the schema lacks is rejected; else the field is left out.
    var rejectsUnknownFields = false
}

/// Reads newline-delimited JSON, an object a line, in pieces.
struct NDJSONReader: RecordReader {
    private(set) var schema: Schema?
    private(set) var position = ReadPosition()

    /// Reads from `position` on; `schema` as in `CSVReader.init`.
    init(
        options: NDJSONReadOptions = NDJSONReadOptions(), limits: FormatLimits = FormatLimits(),
        schema: Schema? = nil, position: ReadPosition = ReadPosition()
    ) throws(FormatError) {
    }

    mutating func push(_ bytes: ArraySlice<UInt8>) {}
    mutating func finish() {}
    mutating func next() throws(FormatError) -> ReadBatch? { nil }
}
