import Testing

@testable import PipelineService

@Suite("Plans over decimals")
struct DecimalPlanTests {
    private static func value(_ text: String) throws -> CellValue { .decimal(try #require(ExactDecimal(text))) }

    private static func run(
        _ steps: [PipelineStep], _ fields: [Field], _ rows: [[CellValue]]
    ) throws -> BatchResult {
        let input = try Schema(fields)
        var run = try PlanRun(PipelinePlan(PipelineDefinition(steps: steps), input: input))
        return try run.process(ColumnBatch(schema: input, rows: rows))
    }

    @Test("casts keep digits or set the row aside")
    func casts() throws {
        let nines = String(repeating: "9", count: 39)
        let result = try Self.run(
            [.cast(Cast(field: "s", type: .decimal, onError: .quarantine))], [Field("s", .string)],
            [" 12.10 ", "-0.00", "99999999999999999999.99", nines, "n/a", "1.5e2"].map { [.string($0)] } + [[.null]])
        #expect(result.output.schema.fields == [Field("s", .decimal)])
        let texts = result.output.rows(0..<result.output.rowCount).map { "\($0[0])" }
        #expect(
            try texts == ["12.10", "0.00", "99999999999999999999.99", "150"].map { "\(try Self.value($0))" } + ["null"])
        #expect(result.quarantined.inputRows == [3, 4])
        #expect(
            result.quarantined.reasons.map(\.message) == [
                "column \"s\": \"\(nines)\" is no decimal of at most 38 digits",
                "column \"s\": \"n/a\" is no decimal of at most 38 digits",
            ])
    }

    @Test("casts to and from numbers")
    func numbers() throws {
        func cast(_ cell: CellValue, _ type: ColumnType) throws -> CellValue {
            let from = try #require(cell.type)
            return try Self.run([.cast(Cast(field: "c", type: type, onError: .null))], [Field("c", from)], [[cell]])
                .output.row(0)[0]
        }
        #expect(try cast(.double(12.1), .decimal) == Self.value("12.1"))
        #expect(try cast(.double(1e300), .decimal) == .null)
        #expect(try cast(.double(.nan), .decimal) == .null)
        #expect(try cast(.int64(.min), .decimal) == Self.value("-9223372036854775808"))
        #expect(try cast(Self.value("12.10"), .double) == .double(12.1))
        #expect(try cast(Self.value("12.00"), .int64) == .int64(12))
        #expect(try cast(Self.value("12.10"), .int64) == .null)
        #expect(try cast(Self.value("99999999999999999999"), .int64) == .null)
        #expect(try cast(Self.value("12.10"), .string) == .string("12.10"))
        #expect(!Casting.exists(from: .decimal, to: .bool) && !Casting.exists(from: .timestamp, to: .decimal))
    }

    @Test("dedupe knows numbers by value")
    func dedupe() throws {
        let rows = ["12.1", "12.10", "0", "0.00", "-1", "1", "1e2", "100", "10.0"]
        let result = try Self.run(
            [.dedupe(keys: ["d"])], [Field("d", .decimal)], try rows.map { [try Self.value($0)] } + [[.null], [.null]])
        #expect(
            try result.output.rows(0..<result.output.rowCount) == ["12.1", "0", "-1", "1", "100", "10.0"].map {
                [try Self.value($0)]
            } + [[.null]])
    }

    @Test("are written to files as they were read from them")
    func files() throws {
        let lines = ["price,title", "12.10,a", "-5.0,b", "99999999999999999999.99,c", ",d", ""]
        var options = CSVReadOptions()
        options.types = ["price": .decimal]
        var reader = try CSVReader(options: options)
        reader.push(Array(lines.joined(separator: "\n").utf8)[...])
        reader.finish()
        let read = try #require(try reader.next())
        let (csv, ndjson) = (CSVWriter(options: CSVWriteOptions(guardsFormulas: true)), NDJSONWriter())
        var row = 0
        let text = csv.header(read.batch.schema) + csv.encode(read.batch, from: &row)
        #expect(String(decoding: text, as: UTF8.self) == lines.joined(separator: "\n"))
        row = 0
        let json = ndjson.encode(read.batch, from: &row)
        #expect(String(decoding: json, as: UTF8.self).hasPrefix("{\"price\":\"12.10\",\"title\":\"a\"}\n"))
        var jsonOptions = NDJSONReadOptions()
        jsonOptions.types = ["price": .decimal]
        var again = try NDJSONReader(options: jsonOptions)
        again.push((json + Array("{\"price\":1.50,\"title\":\"e\"}\n{\"price\":\"x\"}\n".utf8))[...])
        again.finish()
        let back = try #require(try again.next())
        #expect(back.batch.rows(0..<4) == read.batch.rows(0..<4))
        #expect(try back.batch.row(4)[0] == Self.value("1.50"))
        #expect(back.rejected.map(\.message) == ["column \"price\": the value is no decimal of at most 38 digits"])
    }

    @Test("know which columns a cast to decimal is the first to read")
    func firstCasts() {
        func cast(_ field: String, _ type: ColumnType) -> PipelineStep { .cast(Cast(field: field, type: type)) }
        func columns(_ steps: PipelineStep...) -> Set<String> { PipelineDefinition(steps: steps).columnsCastToDecimal }
        #expect(columns(cast("a", .decimal), cast("b", .int64), cast("c", .decimal)) == ["a", "c"])
        #expect(columns(.filter(expression: "a > 1.0"), cast("a", .decimal)) == [])
        #expect(columns(cast("a", .double), cast("a", .decimal)) == [])
        #expect(columns(cast("a", .decimal), cast("a", .double)) == ["a"])
        let swap = PipelineStep.rename([.init(from: "a", to: "b"), .init(from: "b", to: "a")])
        #expect(columns(swap, .select(fields: ["a"]), cast("a", .decimal)) == ["b"])
        #expect(columns(swap, swap, cast("a", .decimal)) == ["a"])
    }
}
