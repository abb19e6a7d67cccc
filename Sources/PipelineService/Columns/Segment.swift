/// A batch as bytes, for datasets: versioned, checksummed, column by column, with statistics in a footer.
enum Segment {
    /// The bytes of a batch.
    static func encode(_ batch: ColumnBatch) -> [UInt8] { [] }

    /// The batch of these bytes; of its columns only the named ones, where `columns` names some.
    static func decode(_ bytes: [UInt8], columns: Set<String>? = nil) throws(SegmentError) -> ColumnBatch {
        throw SegmentError.truncated
    }

    /// What the footer tells, without reading a cell.
    static func summary(of bytes: [UInt8]) throws(SegmentError) -> SegmentSummary { throw SegmentError.truncated }
}

/// What a segment's footer tells.
struct SegmentSummary: Sendable {
    let schema: Schema
    let rowCount: Int
    /// One entry a column.
    let statistics: [ColumnStatistics]
}

/// What is known of a column's cells without reading them.
struct ColumnStatistics: Sendable, Hashable {
    let nullCount: Int
    /// The least and greatest cell that is not null, NaN left out; `null` for lists and where there is none. A text's
    /// are cut to 64 bytes: the least to a prefix of it, the greatest, where it is longer, to none.
    let minimum: CellValue
    let maximum: CellValue
}

/// Why bytes are no segment.
enum SegmentError: Error, Equatable, Sendable {
    case truncated
    case notASegment
    case unknownVersion(UInt8)
    case checksumMismatch
    case malformed(String)
    case noSuchColumn(String)
}
