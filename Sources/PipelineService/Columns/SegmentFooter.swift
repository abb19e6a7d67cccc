/// The end of a segment: what lies where in it.
struct SegmentFooter {
    struct Block {
        let range: Range<Int>
        let checksum: UInt32
    }

    let summary: SegmentSummary
    let blocks: [Block]

    init(_ bytes: [UInt8]) throws(SegmentError) {
        let head = Segment.magic.count + 1
        guard bytes.starts(with: Segment.magic) else { throw .notASegment }
        guard bytes.count >= head + 12 else { throw .truncated }
        guard bytes[head - 1] == Segment.version else { throw .unknownVersion(bytes[head - 1]) }
        guard bytes.suffix(Segment.magic.count).elementsEqual(Segment.magic) else { throw .truncated }
        var tail = ByteReader(bytes[(bytes.count - 12)...])
        guard let length = tail.uint32(), let checksum = tail.uint32(), Int(length) <= bytes.count - head - 12 else {
            throw .truncated
        }
        let end = bytes.count - 12
        let body = end - Int(length)
        guard Checksum.crc32c(bytes[body..<end]) == checksum else { throw .checksumMismatch }
        guard let read = Self.read(bytes[body..<end], head..<body) else { throw .malformed("footer") }
        (summary, blocks) = read
    }

    private static func read(_ bytes: ArraySlice<UInt8>, _ body: Range<Int>) -> (SegmentSummary, [Block])? {
        var reader = ByteReader(bytes)
        guard let rows = reader.count(), rows <= Segment.maximumRows, let count = reader.uint32() else { return nil }
        var fields: [Field] = []
        var blocks: [Block] = []
        var statistics: [ColumnStatistics] = []
        for _ in 0..<count {
            guard let name = reader.text(), let tag = reader.byte(),
                let type = ColumnType.allCases.first(where: { Segment.tag($0) == tag }), let start = reader.count(),
                let length = reader.count(), let checksum = reader.uint32(), start >= body.lowerBound,
                length <= body.upperBound - body.lowerBound, start <= body.upperBound - length,
                let known = ColumnStatistics(type, from: &reader)
            else { return nil }
            fields.append(Field(name, type))
            blocks.append(Block(range: start..<start + length, checksum: checksum))
            statistics.append(known)
        }
        guard reader.isAtEnd, let schema = try? Schema(fields, limits: Segment.anySchema) else { return nil }
        return (SegmentSummary(schema: schema, rowCount: rows, statistics: statistics), blocks)
    }
}
