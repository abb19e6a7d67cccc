/// Reads comma-separated values (RFC 4180) in pieces.
struct CSVReader: RecordReader {
    private(set) var schema: Schema?
    private(set) var position = ReadPosition()

    /// Reads from `position` on, where a `schema` that an earlier reader of the same file gave says what the columns are;
    /// without one from the beginning, and header and types are found there.
    init(
        options: CSVReadOptions = CSVReadOptions(), limits: FormatLimits = FormatLimits(), schema: Schema? = nil,
        position: ReadPosition = ReadPosition()
    ) throws(FormatError) {
    }

    mutating func push(_ bytes: ArraySlice<UInt8>) {}
    mutating func finish() {}
    mutating func next() throws(FormatError) -> ReadBatch? { nil }
}
