import Testing

@testable import PipelineService

@Suite("Newline-delimited JSON")
struct NDJSONTests {
    static func read(
        _ text: String, options: NDJSONReadOptions = NDJSONReadOptions(), limits: FormatLimits = FormatLimits(),
        piece: Int = .max, schema: Schema? = nil
    ) throws -> (rows: [[CellValue]], rejected: [RejectedRecord], schema: Schema?, batches: [ReadBatch]) {
        try PipelineServiceTests.read(
            NDJSONReader(options: options, limits: limits, schema: schema), Array(text.utf8), piece)
    }

    static let text = """
        {"s": "a \\"b\\" \\u00df\\ud83d\\ude00\\n", "n": 1, "x": 1.5, "b": true, "t": "2024-02-29T10:00:00Z", "l": ["x", "\\u0041"], "o": {"k": [1, null]}}
        {"n": -2, "s": null, "x": 2, "l": [], "o": "text"}

        {"n": 3, "l": null, "t": "2024-02-29T10:00:00.5Z", "o": 5, "b": false}\r

        """

    @Test("fields and types are found in the records")
    func types() throws {
        let result = try Self.read(Self.text)
        #expect(
            result.schema?.fields == [
                Field("s", .string), Field("n", .int64), Field("x", .double), Field("b", .bool), Field("t", .timestamp),
                Field("l", .stringList), Field("o", .string),
            ])
        #expect(result.rejected.isEmpty)
        let time: Int64 = 1_709_200_800_000_000
        #expect(
            result.rows == [
                [
                    .string("a \"b\" ß😀\n"), .int64(1), .double(1.5), .bool(true), .timestamp(time),
                    .stringList(["x", "A"]), .string("{\"k\": [1, null]}"),
                ],
                [.null, .int64(-2), .double(2), .null, .null, .stringList([]), .string("text")],
                [.null, .int64(3), .null, .bool(false), .timestamp(time + 500_000), .null, .string("5")],
            ])
    }

    @Test("pieces cut at any byte give the same rows", arguments: 1...40)
    func pieces(size: Int) throws {
        var limits = FormatLimits()
        limits.chunkBytes = 1
        let whole = try Self.read(Self.text)
        let cut = try Self.read(Self.text, limits: limits, piece: size, schema: whole.schema)
        #expect(cut.rows == whole.rows)
        #expect(cut.batches.last?.end == whole.batches.last?.end)
    }

    @Test("a record that is no row is left out with its place and reason")
    func rejections() throws {
        var options = NDJSONReadOptions()
        options.types = ["a": .int64]
        let lines: [(String, RejectedRecord.Reason)] = [
            ("{\"a\": \"x\"}", .invalidValue), ("[1]", .notAnObject), ("{\"a\": 1", .invalidJSON),
            ("{\"a\": 1, \"a\": 2}", .duplicateField), ("{\"b\": 1}", .unknownField), ("{\"a\": 01}", .invalidJSON),
            ("{\"a\": 1} x", .invalidJSON), ("{\"a\": nul}", .invalidJSON), ("{\"a\" 1}", .invalidJSON),
            ("{\"a\": \"\\ud800\"}", .invalidUTF8), ("{\"a\": 1,}", .invalidJSON), ("{\"a\": 1.5}", .invalidValue),
            ("{\"a\": [1, }", .invalidJSON), ("{\"a\": {\"x\": }}", .invalidJSON), ("{\"a\": \"\t\"}", .invalidJSON),
            ("{\"a\": 9223372036854775808}", .invalidValue),
        ]
        let schema = try Schema([Field("a", .int64)])
        for (line, reason) in lines {
            let text = "{\"a\": 1}\n\(line)\n{\"a\": 3.0}\n"
            let result = try Self.read(text, options: options, schema: schema)
            #expect(result.rows == [[.int64(1)], [.int64(3)]], "\(line)")
            #expect(result.rejected.map(\.reason) == [reason], "\(line): \(result.rejected)")
            #expect(result.rejected.first?.record == 2)
            #expect(result.rejected.first?.offset == 9)
            #expect(result.rejected.first?.text == line)
        }
    }

    @Test("what is written reads back")
    func roundTrip() throws {
        var generator = SplitMix(11)
        let schema = try Schema(ColumnType.allCases.map { Field("the \"\($0.rawValue)\"", $0) })
        for _ in 0..<20 {
            let rows = (0..<50).map { _ in schema.fields.map { randomCell($0.type, &generator) } }
            let batch = try ColumnBatch(schema: schema, rows: rows)
            var bytes: [UInt8] = []
            var row = 0
            while row < batch.rowCount { bytes += NDJSONWriter().encode(batch, from: &row, chunkBytes: 300) }
            let result = try PipelineServiceTests.read(NDJSONReader(schema: schema), bytes, 41)
            #expect(result.rejected == [])
            #expect(result.rows == rows)
        }
    }

    @Test("lines and fields have bounds")
    func bounds() throws {
        var limits = FormatLimits()
        limits.chunkBytes = 1
        limits.maximumRecordBytes = 1_000
        limits.schema.maximumColumns = 5
        #expect(throws: FormatError.self) {
            try Self.read("{\"a\": \"" + String(repeating: "x", count: 5_000), limits: limits, piece: 100)
        }
        let wide = (0..<100).map { "\"f\($0)\": 1" }.joined(separator: ", ")
        #expect(throws: FormatError.self) { try Self.read("{\(wide)}\n", limits: limits) }
        let deep = String(repeating: "[", count: 400) + String(repeating: "]", count: 400)
        let result = try Self.read("{\"a\": 1}\n{\"a\": \(deep)}\n", limits: limits)
        #expect(result.rejected.map(\.reason) == [.invalidJSON])
    }
}
