/// A batch as bytes, for datasets: versioned, checksummed, column by column, with statistics in a footer.
///
///     "DVSG" version · a block a column · footer · footer's length and CRC-32C (4 bytes each) · "DVSG"
///
/// Each block has its own CRC-32C in the footer, so that a reader of few columns checks no others. Numbers are
/// little-endian. Null cells are written as zero or empty.
enum Segment {
    static let magic = Array("DVSG".utf8)
    static let version: UInt8 = 1
    /// No segment has more rows.
    static let maximumRows = 1 << 24

    /// The bytes of a batch.
    static func encode(_ batch: ColumnBatch) -> [UInt8] {
        precondition(batch.rowCount <= maximumRows, "a segment has at most 2^24 rows")
        var bytes = magic + [version]
        var footer: [UInt8] = []
        footer.put(UInt64(batch.rowCount))
        footer.put(UInt32(batch.schema.count))
        for (field, column) in zip(batch.schema.fields, batch.columns) {
            let start = bytes.count
            SegmentBlock.encode(column, into: &bytes)
            footer.putText(field.name)
            footer.append(tag(field.type))
            footer.put(UInt64(start))
            footer.put(UInt64(bytes.count - start))
            footer.put(Checksum.crc32c(bytes[start...]))
            ColumnStatistics(column).encode(into: &footer)
        }
        bytes += footer
        bytes.put(UInt32(footer.count))
        bytes.put(Checksum.crc32c(footer))
        return bytes + magic
    }

    /// The batch of these bytes; of its columns only the named ones, in the segment's order, where `columns` names some.
    static func decode(_ bytes: [UInt8], columns: Set<String>? = nil) throws(SegmentError) -> ColumnBatch {
        let footer = try SegmentFooter(bytes)
        for name in columns ?? [] where footer.summary.schema.index(of: name) == nil { throw .noSuchColumn(name) }
        var fields: [Field] = []
        var decoded: [Column] = []
        for (field, block) in zip(footer.summary.schema.fields, footer.blocks) {
            if let columns, !columns.contains(field.name) { continue }
            guard Checksum.crc32c(bytes[block.range]) == block.checksum else { throw .checksumMismatch }
            fields.append(field)
            decoded.append(try SegmentBlock.decode(bytes[block.range], field.type, rows: footer.summary.rowCount))
        }
        guard let schema = try? Schema(fields, limits: anySchema) else { throw .malformed("columns") }
        return ColumnBatch(schema: schema, columns: decoded, rowCount: footer.summary.rowCount)
    }

    /// What the footer tells, without reading a cell.
    static func summary(of bytes: [UInt8]) throws(SegmentError) -> SegmentSummary { try SegmentFooter(bytes).summary }

    /// What was written was within limits then.
    static let anySchema = SchemaLimits(maximumColumns: .max, maximumNameBytes: .max)

    static func tag(_ type: ColumnType) -> UInt8 {
        switch type {
        case .bool: 1
        case .int64: 2
        case .double: 3
        case .string: 4
        case .timestamp: 5
        case .date: 6
        case .stringList: 7
        case .decimal: 8
        }
    }
}

/// What a segment's footer tells.
struct SegmentSummary: Sendable {
    let schema: Schema
    let rowCount: Int
    /// One entry a column.
    let statistics: [ColumnStatistics]
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

extension [UInt8] {
    /// Appends a text with its length in front.
    mutating func putText(_ text: String) {
        put(UInt32(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
