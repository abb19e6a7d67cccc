@testable import PipelineService

/// Segments: bytes that are none, blocks that were damaged before their checksum was made, and batches.
///
/// The first byte says what the others are.
func fuzzSegment(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst(4))
    switch (input.first ?? 0) & 3 {
    case 0:
        if let batch = try? Segment.decode(bytes) { touch(batch) }
    case 1:
        // The footer is the fuzzer's, its checksum right.
        let size = min(Int(input.dropFirst().first ?? 0), bytes.count)
        var segment = Segment.magic + [Segment.version] + bytes
        segment.put(UInt32(size))
        segment.put(Checksum.crc32c(bytes.suffix(size)))
        segment += Segment.magic
        if let batch = try? Segment.decode(segment) { touch(batch) }
        _ = try? Segment.summary(of: segment)
    default:
        guard input.count >= 4 else { return }
        let type = ColumnType.allCases[Int(input[1]) % ColumnType.allCases.count]
        let rows = Int(input[2]) | Int(input[3] & 3) << 8
        guard let column = try? SegmentBlock.decode(bytes[...], type, rows: rows) else { return }
        precondition(column.count == rows && column.type == type, "another column")
        guard let schema = try? Schema([Field("a", type)]) else { return }
        let batch = ColumnBatch(schema: schema, columns: [column], rowCount: rows)
        touch(batch)
        if type == .string || type == .stringList, !isUTF8(column) { return }
        checkSegment(batch, damagedAt: bytes.count &* 31 &+ rows)
    }
}

/// A batch comes back as it was, and no byte of it can change unseen.
func checkSegment(_ batch: ColumnBatch, damagedAt place: Int) {
    var bytes = Segment.encode(batch)
    guard let again = try? Segment.decode(bytes) else { preconditionFailure("a segment that was written is none") }
    precondition(again.schema == batch.schema, "another schema")
    checkSame(batch.rows(0..<batch.rowCount), again.rows(0..<again.rowCount), "segment")
    precondition(Segment.encode(again) == bytes, "a segment has two forms")
    let index = Int(place.magnitude % UInt(bytes.count))
    bytes[index] ^= 1 << UInt8(truncatingIfNeeded: place >> 3 & 7)
    precondition((try? Segment.decode(bytes)) == nil, "a changed byte at \(index) was not seen")
    bytes.removeLast(index % bytes.count)
    precondition((try? Segment.decode(bytes)) == nil, "a cut was not seen")
}

private func touch(_ batch: ColumnBatch) {
    for row in 0..<min(batch.rowCount, 2_000) { _ = batch.row(row) }
}

/// Whether the texts of a column are such: a block may hold any bytes, and a cell by itself is repaired.
private func isUTF8(_ column: Column) -> Bool {
    let texts: Strings
    switch column.values {
    case .string(let strings): texts = strings
    case .stringList(let lists): texts = lists.elements
    default: return true
    }
    return texts.extents.allSatisfy { String(validating: texts.bytes[$0.range], as: UTF8.self) != nil }
}
