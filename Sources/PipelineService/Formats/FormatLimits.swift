/// Bounds on files that are read.
struct FormatLimits: Sendable {
    var schema = SchemaLimits()
    /// How long one cell may be, in bytes as it stands in the file.
    var maximumCellBytes = 1 << 20
    /// How long one record may be, in bytes as it stands in the file.
    var maximumRecordBytes = 16 << 20
    /// How many rows a batch holds at most.
    var maximumBatchRows = 16_384
    /// How many bytes are gathered before they are taken apart.
    var chunkBytes = 1 << 20
    /// How many records types are inferred from.
    var inferenceRecords = 1_000
    /// How many texts a list in one cell may hold.
    var maximumListElements = 10_000
}
