import Testing

@testable import PipelineService

/// What a batch gives is what each of its rows gives alone: no row leaks into another, whatever is computed for all rows
/// at once, once for all, or only for rows that a condition leaves.
@Suite("Expressions by columns")
struct VectorizationTests {
    /// Writes expressions of a type that the checker takes.
    struct Writer {
        var random: SplitMix

        mutating func pick(_ parts: [String]) -> String { parts.randomElement(using: &random) ?? "" }

        mutating func bool(_ depth: Int) -> String {
            if depth == 0 { return pick(["ok", "true", "false", "(n == null)", "has(row.name)"]) }
            switch Int.random(in: 0..<9, using: &random) {
            case 0: return "(\(bool(depth - 1)) && \(bool(depth - 1)))"
            case 1: return "(\(bool(depth - 1)) || \(bool(depth - 1)))"
            case 2: return "!\(bool(depth - 1))"
            case 3: return "(\(int(depth - 1)) \(pick(["<", "<=", "==", "!=", ">"])) \(int(depth - 1)))"
            case 4: return "(\(text(depth - 1)) \(pick(["<", "==", "!="])) \(text(depth - 1)))"
            case 5:
                return "\(text(depth - 1)).\(pick(["contains", "startsWith", "matches"]))('\(pick(["a", "x1", "B"]))')"
            case 6:
                return "tags.\(pick(["all", "exists", "exists_one"]))(t, t == \(text(depth - 1)) || \(bool(depth - 1)))"
            case 7: return "(\(bool(depth - 1)) ? \(bool(depth - 1)) : \(bool(depth - 1)))"
            default: return "(\(int(depth - 1)) in [1, n, \(int(depth - 1))])"
            }
        }

        mutating func int(_ depth: Int) -> String {
            if depth == 0 { return pick(["n", "1", "0", "-7", "9223372036854775807"]) }
            switch Int.random(in: 0..<6, using: &random) {
            case 0: return "(\(int(depth - 1)) \(pick(["+", "-", "*", "/", "%"])) \(int(depth - 1)))"
            case 1: return "size(\(text(depth - 1)))"
            case 2: return "(\(bool(depth - 1)) ? \(int(depth - 1)) : \(int(depth - 1)))"
            case 3: return "tags.map(t, t.size() + \(int(depth - 1)))[\(int(depth - 1))]"
            case 4: return "int(\(text(depth - 1)))"
            default: return "at.getHours()"
            }
        }

        mutating func text(_ depth: Int) -> String {
            if depth == 0 { return pick(["name", "'a'", "''", "'x1 B'"]) }
            switch Int.random(in: 0..<6, using: &random) {
            case 0: return "(\(text(depth - 1)) + \(text(depth - 1)))"
            case 1:
                return "\(text(depth - 1)).\(pick(["trim()", "lowerAscii()", "replace('a', 'bb')", "substring(1)"]))"
            case 2: return "(\(bool(depth - 1)) ? \(text(depth - 1)) : \(text(depth - 1)))"
            case 3: return "string(\(int(depth - 1)))"
            case 4: return "tags.filter(t, \(bool(depth - 1))).join('-')"
            default: return "{'a': name, 'b': \(text(depth - 1))}['\(pick(["a", "b", "c"]))']"
            }
        }
    }

    @Test("give what each row gives alone", arguments: 0..<8)
    func rowByRow(seed: UInt64) throws {
        let schema = try #require(ExpressionTests.schema)
        var writer = Writer(random: SplitMix(seed))
        let rows = (0..<200).map { _ in
            schema.fields.map { field in
                field.name == "n"
                    ? [.int64(0), .int64(1), .int64(3), .null].randomElement(using: &writer.random) ?? .null
                    : randomCell(field.type, &writer.random)
            }
        }
        let batch = try ColumnBatch(schema: schema, rows: rows)
        let alone = try rows.map { try ColumnBatch(schema: schema, rows: [$0]) }
        var outcomes: Set<String> = []
        var limits = ExpressionLimits()
        limits.maximumMacroDepth = 4
        limits.maximumCost = .max
        if seed % 2 == 1 {
            // Bounds that a batch meets all the time, and a row by itself now and then.
            limits.maximumBatchTextBytes = 60
            limits.maximumBatchElements = 12
        }
        for round in 0..<40 {
            let text = round % 3 == 0 ? writer.bool(3) : round % 3 == 1 ? writer.int(3) : writer.text(3)
            let expression = try Expression(text, schema: schema, limits: limits)
            let together = expression.evaluate(batch)
            for row in rows.indices where row % 5 == round % 5 {
                let one = ExpressionTests.describe(expression, expression.evaluate(alone[row]), 0)
                let all = ExpressionTests.describe(expression, together, row)
                // Which of two errors is told may differ: operands of && and || have no order.
                let isError = one.hasPrefix("error") && all.hasPrefix("error")
                #expect(one == all || isError, "\(one), \(all): \(text) on \(rows[row])")
                outcomes.insert(String(one.prefix(5)))
            }
        }
        #expect(outcomes.count > 3)
    }
}
