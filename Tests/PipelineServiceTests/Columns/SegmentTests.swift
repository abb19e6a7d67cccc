import Testing

@testable import PipelineService

@Suite("Segments")
struct SegmentTests {
    static func sample(rows: Int, seed: UInt64) throws -> ColumnBatch {
        var generator = SplitMix(seed)
        let schema = try Schema(ColumnType.allCases.map { Field($0.rawValue, $0) })
        let few = ["red", "green", "blue", ""]
        return try ColumnBatch(
            schema: schema,
            rows: (0..<rows).map { _ in
                schema.fields.map { field in
                    field.type == .string && seed % 2 == 0
                        ? .string(few.randomElement(using: &generator) ?? "") : randomCell(field.type, &generator)
                }
            })
    }

    @Test("read back as they were written", arguments: [0, 1, 7, 8, 9, 100, 1_000], [1, 2] as [UInt64])
    func roundTrip(rows: Int, seed: UInt64) throws {
        let batch = try Self.sample(rows: rows, seed: seed)
        let bytes = Segment.encode(batch)
        let decoded = try Segment.decode(bytes)
        #expect(decoded.schema == batch.schema)
        #expect(decoded.rows(0..<rows) == batch.rows(0..<rows))
        let few = try Segment.decode(bytes, columns: ["date", "string"])
        #expect(few.schema.fields.map(\.name) == ["string", "date"])
        #expect(few.rows(0..<rows) == batch.rows(0..<rows).map { [$0[4], $0[6]] })
    }

    @Test("tell least, greatest and nulls without a cell being read")
    func statistics() throws {
        let schema = try Schema([Field("n", .int64), Field("s", .string), Field("x", .double), Field("l", .stringList)])
        let long = String(repeating: "ß", count: 50)
        let batch = try ColumnBatch(
            schema: schema,
            rows: [
                [.int64(3), .string("b"), .double(.nan), .stringList(["x"])],
                [.null, .string(long), .double(2), .null],
                [.int64(-5), .string("a"), .double(-1), .null],
            ])
        let summary = try Segment.summary(of: Segment.encode(batch))
        #expect(summary.rowCount == 3)
        #expect(summary.statistics.map(\.nullCount) == [1, 0, 0, 2])
        #expect(summary.statistics.map(\.minimum) == [.int64(-5), .string("a"), .double(-1), .null])
        #expect(summary.statistics.map(\.maximum) == [.int64(3), .null, .double(2), .null])
    }

    @Test("are smaller than what they hold")
    func compactness() throws {
        let schema = try Schema([Field("n", .int64), Field("s", .string)])
        let batch = try ColumnBatch(
            schema: schema, rows: (0..<1_000).map { [.int64(1_000_000 + $0), .string("category \($0 % 5)")] })
        #expect(Segment.encode(batch).count < 3_500)
    }

    @Test("damage at any byte is noticed")
    func damage() throws {
        let batch = try Self.sample(rows: 20, seed: 3)
        let bytes = Segment.encode(batch)
        for at in bytes.indices {
            var damaged = bytes
            damaged[at] ^= 0x10
            #expect(throws: SegmentError.self) { _ = try Segment.decode(damaged) }
        }
        for count in bytes.indices {
            #expect(throws: SegmentError.self) { _ = try Segment.decode(Array(bytes[..<count])) }
        }
    }

    @Test("another version and an unknown column are named")
    func refusals() throws {
        var bytes = Segment.encode(try Self.sample(rows: 1, seed: 1))
        #expect(throws: SegmentError.noSuchColumn("nope")) { _ = try Segment.decode(bytes, columns: ["nope"]) }
        bytes[4] = 9
        #expect(throws: SegmentError.unknownVersion(9)) { _ = try Segment.decode(bytes) }
        #expect(throws: SegmentError.notASegment) { _ = try Segment.decode([1, 2, 3]) }
    }
}
