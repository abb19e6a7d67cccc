import Testing

@testable import PipelineService

/// What statistics rule out, beside what the rows say.
@Suite("Pruning of segments")
struct SegmentPruningTests {
    private static let fields = [
        Field("n", .int64), Field("x", .double), Field("s", .string), Field("b", .bool), Field("d", .decimal),
    ]

    private static func batch() throws -> ColumnBatch {
        try ColumnBatch(
            schema: try Schema(fields),
            rows: [
                [.int64(10), .double(0.5), .string("beta"), .bool(true), decimal("9.90")],
                [.int64(20), .double(.nan), .string("delta"), .null, decimal("99999999999999999999.99")],
                [.null, .double(2.5), .null, .bool(false), .null],
            ] as [[CellValue]])
    }

    private static func decimal(_ text: String) -> CellValue {
        ExactDecimal(text).map { .decimal($0) } ?? .null
    }

    private func mayMatch(_ text: String, _ batch: ColumnBatch) throws -> Bool {
        var parser = try Parser(Array(text.utf8), limits: ExpressionLimits())
        let pruning = SegmentPruning(try parser.parse(), over: batch.schema)
        return pruning.mayMatch(try Segment.summary(of: Segment.encode(batch)).statistics)
    }

    @Test(
        "skips what no row can meet",
        arguments: [
            "n > 20", "n >= 21", "n < 10", "n == 9", "n == 21", "20 < n", "x > 2.5", "x < 0.5", "x == 3.0", "n > 20.5",
            "s < 'beta'", "s > 'delta'", "s == 'alpha'", "s == 'epsilon'", "n > 20 && b", "b && n > 20",
            "n > 20 || s == 'zeta'", "n == 15 && x > 100.0",
            "d < 9", "d < 9.8", "d == 9", "d > 1e21", "1e21 < d", "d < -1", "n > 20 || d == 9.0",
        ])
    func skips(_ text: String) throws {
        let batch = try Self.batch()
        #expect(try !mayMatch(text, batch))
    }

    @Test(
        "keeps what a row may meet",
        arguments: [
            "n > 19", "n >= 20", "n < 11", "n <= 10", "n == 15", "x > 2.4", "x <= 0.5", "s >= 'delta'", "s == 'carol'",
            "n != 10", "n + 1 > 100", "n > 20 || b", "!(n < 100)", "size(s) > 10", "n > 20 ? b : b", "n in [99]",
            "s.startsWith('z')", "d < 10", "d <= 9.9", "d == 9.9", "d == 10.5", "d == 99999999999999999999.99",
            "d > 99999999999999999999.98", "d >= 1e20", "d == decimal('1')", "d > -1",
        ])
    func keeps(_ text: String) throws {
        let batch = try Self.batch()
        #expect(try mayMatch(text, batch))
    }

    @Test("skips columns that are null throughout")
    func nulls() throws {
        let batch = try ColumnBatch(schema: try Schema(Self.fields), rows: [[.null, .null, .null, .null, .null]])
        #expect(try !mayMatch("n == 0", batch))
        #expect(try !mayMatch("s <= 'z'", batch))
        #expect(try mayMatch("b", batch))
    }

    @Test("never skips a segment with a row that the filter lets through")
    func agreesWithRows() throws {
        var generator = SystemRandomNumberGenerator()
        let operators = ["==", "<", "<=", ">", ">="]
        for _ in 0..<300 {
            let rows = (0..<Int.random(in: 1...4, using: &generator)).map { _ -> [CellValue] in
                let text = String(repeating: ["a", "b"].randomElement() ?? "a", count: Int.random(in: 0...80))
                return [
                    Bool.random() ? .int64(.random(in: -3...3)) : .null, .double(Double(Int.random(in: -4...4)) / 2),
                    .string(text), .bool(.random()),
                    Self.decimal(["-1", "-0.50", "0.0", "0.1", "2"].randomElement() ?? ""),
                ]
            }
            let batch = try ColumnBatch(schema: try Schema(Self.fields), rows: rows)
            let parts = (0..<2).map { _ in
                let compare = operators.randomElement() ?? "=="
                return switch Int.random(in: 0...3) {
                case 0: "n \(compare) \(Int.random(in: -3...3))"
                case 1: "d \(compare) \(["-1", "-0.5", "0.0", "0.10", "2.0"].randomElement() ?? "0")"
                case 2: "\(Double(Int.random(in: -4...4)) / 2) \(compare) x"
                default:
                    "s \(compare) '\(String(repeating: "ab".randomElement() ?? "a", count: Int.random(in: 0...70)))'"
                }
            }
            let text = parts.joined(separator: Bool.random() ? " && " : " || ")
            let kept = try RowFilter(text, over: batch.schema, limits: PipelineLimits()).apply(batch)
            let may = try mayMatch(text, batch)
            #expect(may || kept.rowCount == 0, "\(text) \(rows)")
        }
    }
}
