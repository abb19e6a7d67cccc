import Testing

@testable import PipelineService

/// Expressions that are valid, and meant to do harm: none ends the process, holds a thread, or takes memory without end.
@Suite struct HostileExpressionTests {
    private func values(_ text: String, rows: [[CellValue]], _ limits: ExpressionLimits = ExpressionLimits()) throws
        -> (Expression, Register)
    {
        let schema = try Schema([
            Field("s", .string), Field("n", .int64),
        ])
        let expression = try Expression(text, schema: schema, limits: limits)
        return (expression, expression.evaluate(try ColumnBatch(schema: schema, rows: rows)))
    }

    @Test(arguments: [
        "-9223372036854.775808s", "9223372036854.775808s", "-9223372036854775808us", "-2562047788h54m0.775808s",
        "2562047789h", "-2562047789h", "9223372036854775807h", "9223372036854775807ns", "-9223372036854775808ns",
        "9223372036854.775807s0.000001s", "-9223372036854.775807s0.000002s",
    ])
    func durationsAtTheEndOfTheirRange(_ text: String) throws {
        for use in ["getHours() > 0", "getMinutes() > 0", "getSeconds() > 0", "getMilliseconds() > 0"] {
            _ = try values("duration(s).\(use)", rows: [[.string(text), .null]])
            _ = try? values("duration('\(text)').\(use)", rows: [[.null, .null]])
        }
        for use in [
            "string(duration(s)) == ''", "duration(s) - duration('1us') > duration('0s')",
            "duration(s) + duration(s) == duration(s)",
        ] {
            _ = try values(use, rows: [[.string(text), .null]])
        }
    }

    @Test func overflowIsNoDuration() {
        for text in ["9223372036854.775808s", "9223372036854.775807s1us", "2562047788h54m0.775808s", "2562047789h"] {
            #expect(DurationText.microseconds(Array(text.utf8)[...]) == nil)
            if text != "2562047789h" { continue }
            #expect(DurationText.microseconds(Array("-\(text)".utf8)[...]) == nil)
        }
        #expect(DurationText.microseconds(Array("9223372036854.775807s".utf8)[...]) == .max)
        #expect(DurationText.microseconds(Array("-9223372036854.775808s".utf8)[...]) == .min)
        #expect(DurationText.text(.min) == "-9223372036854.775808s")
        #expect(DurationText.microseconds(Array("-1h30m0.25s".utf8)[...]) == -5_400_250_000)
    }

    @Test(arguments: ["-9223372036854775807", "n", "-1", "-2"])
    func negativeLimitsMeanAll(_ limit: String) throws {
        for (text, expected) in [
            ("'a'.replace('', 'x', \(limit)) == 'xax'", true), ("s.replace('a', 'b', \(limit)) == 'bb'", true),
            ("s.split('', \(limit)).size() == 2", true),
        ] {
            let (_, register) = try values(text, rows: [[.string("aa"), .int64(.min)]])
            guard case .bool(let found) = register.values else {
                Issue.record("\(text): \(register)")
                continue
            }
            #expect(found == [expected] && register.status?[0] ?? 0 == 0, "\(text)")
        }
    }

    @Test func memoryIsBoundedOverAllOperators() throws {
        // Each operator stays below its own bound; together they do not.
        let parts = (0..<12).map { "s.replace('a', 'b\($0)')" }.joined(separator: ", ")
        let rows = (0..<150).map { [CellValue.string(String(repeating: "a", count: 300)), .int64($0)] }
        let text = "[\(parts)].exists(t, t.size() == 600) && n >= 0"
        var limits = ExpressionLimits()
        let (_, free) = try values(text, rows: rows, limits)
        limits.maximumEvaluationBytes = 1 << 17
        let (expression, bounded) = try values(text, rows: rows, limits)
        guard case .bool(let expected) = free.values, case .bool(let found) = bounded.values else {
            Issue.record("no truth values")
            return
        }
        // In halves, and halves of them, the same comes out.
        #expect(found == expected && found.allSatisfy { $0 })
        #expect(bounded.status?.contains { $0 != 0 } != true)
        // A row that is too large for itself fails, and none beside it.
        limits.maximumEvaluationBytes = 3_000
        let (_, mixed) = try values(
            text, rows: [[.string(String(repeating: "a", count: 300)), .int64(1)], [.string("a"), .int64(2)]], limits)
        #expect(mixed.status?[0] ?? 0 != 0 && mixed.status?[1] ?? 0 == 0)
        #expect(expression.site(mixed.status?[0] ?? 0)?.error == .textLimit)
    }

    @Test func nobodyWaitsForWhatWasCancelled() throws {
        let token = WorkToken()
        token.cancel()
        try WorkToken.$current.withValue(token) {
            let (_, register) = try values("s.size() > 1", rows: [[.string("abc"), .null]])
            #expect(register.status?[0] ?? 0 != 0)
        }
    }
}
