import Testing

@testable import PipelineService

@Suite("Expressions")
struct ExpressionTests {
    static let schema = try? Schema([
        Field("name", .string), Field("n", .int64), Field("x", .double), Field("ok", .bool), Field("at", .timestamp),
        Field("day", .date), Field("tags", .stringList), Field("unit price", .double),
    ])

    static let rows: [[CellValue]] = [
        [
            .string("Ärger 42"), .int64(6), .double(2.5), .bool(true), .timestamp(1_709_210_096_123_456), .date(19_782),
            .stringList(["a", "bb", "ccc"]), .double(9.75),
        ],
        [.null, .null, .null, .null, .null, .null, .null, .null],
    ]

    /// What an expression gives on a row: a cell, or an error's message.
    static func evaluate(_ text: String, row: Int = 0) throws -> String {
        let schema = try #require(schema)
        let batch = try ColumnBatch(schema: schema, rows: rows)
        let expression = try Expression(text, schema: schema)
        return describe(expression, expression.evaluate(batch), row)
    }

    static func describe(_ expression: Expression, _ register: Register, _ row: Int) -> String {
        let status = register.status?[register.at(row)] ?? 0
        if status == Register.null { return "null" }
        if status != 0 { return "error: \(expression.site(status)?.error.rawValue ?? "?")" }
        let at = register.at(row)
        switch register.values {
        case .bool(let values): return "\(values[at])"
        case .int(let values): return "\(values[at])"
        case .uint(let values): return "\(values[at])u"
        case .double(let values): return "\(values[at])"
        case .decimal(let values): return "\(values[at])"
        case .string(let texts): return "'\(texts[at])'"
        case .bytes(let texts): return "b\(Array(texts.bytes[texts.extents[at].range]))"
        case .timestamp(let values): return "@\(values[at])"
        case .duration(let values): return "\(values[at])us"
        case .null: return "null"
        case .list(let lists):
            let parts = lists.extents[at].range.map { describe(expression, lists.elements, $0) }
            return "[\(parts.joined(separator: ", "))]"
        case .map: return "map"
        }
    }

    @Test(
        "give what the language says",
        arguments: [
            ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("-7 / 2", "-3"), ("-7 % 3", "-1"), ("7u / 2u", "3u"),
            ("1.5 + 1.0", "2.5"), ("'a' + \"b\"", "'ab'"), ("b'\\xff' + b'a'", "b[255, 97]"), ("0x1F", "31"),
            ("9223372036854775807 + 1", "error: the result does not fit its type"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("1 / 0", "error: division by zero"), ("1.0 / 0.0", "inf"), ("0.0 == 0.0 ? 1.0 / -0.0 : 0.0", "-inf"),
            ("!true || true", "true"),
            ("true ? 1 : 2", "1"), ("1 < 2 && 2 < 3", "true"), ("1 / 0 > 1 || true", "true"),
            ("false && 1 / 0 > 1", "false"), ("1 < 2.5", "true"), ("1 == 1.0", "true"), ("2u > 1", "true"),
            ("'a' < 'b'", "true"), ("[1, 2] == [1, 2]", "true"), ("[1] + [2, 3]", "[1, 2, 3]"), ("2 in [1, 2]", "true"),
            ("'k' in {'k': 1}", "true"), ("{'k': 1}.k", "1"), ("{1: 'a'}[2]", "error: the map has no such key"),
            ("[1, 2, 3][1]", "2"), ("[1][1]", "error: there is no element at this index"), ("size('ß€😀')", "3"),
            ("'abc'.size()", "3"), ("name.size()", "8"), ("name.contains('42')", "true"),
            ("name.startsWith('Ä')", "true"),
            ("name.endsWith('43')", "false"), ("name.matches('[0-9]+')", "true"), ("matches('abc', '^b')", "false"),
            ("'aBc'.lowerAscii()", "'abc'"), ("'aBc'.upperAscii()", "'ABC'"), ("'\\u2003 x \\n'.trim()", "'x'"),
            ("'a,b,'.split(',')", "['a', 'b', '']"), ("'a,b,c'.split(',', 2)", "['a', 'b,c']"),
            ("'äb'.split('')", "['ä', 'b']"), ("['a', 'b'].join('-')", "'a-b'"), ("[].join('-')", "''"),
            ("'tacocat'.replace('c', 'x')", "'taxoxat'"), ("'aaa'.replace('a', 'b', 2)", "'bba'"),
            ("'ab'.replace('', '-')", "'-a-b-'"), ("'tacocat'.substring(4)", "'cat'"),
            ("'täcocat'.substring(1, 4)", "'äco'"), ("'x'.substring(2)", "error: there is no element at this index"),
            ("'täcocat'.indexOf('c')", "2"), ("'tacocat'.lastIndexOf('c')", "4"), ("'abc'.indexOf('z')", "-1"),
            ("'abc'.charAt(1)", "'b'"), ("'abc'.reverse()", "'cba'"), ("int('-42')", "-42"),
            ("int('x')", "error: the text or number has no value of this type"), ("int(3.9)", "3"), ("int(-3.9)", "-3"),
            ("int(1e19)", "error: the result does not fit its type"),
            ("uint(-1)", "error: the result does not fit its type"),
            ("double('1.5e3')", "1500.0"), ("string(1.5)", "'1.5'"), ("string(2.0)", "'2'"),
            ("string(1e-7)", "'1e-07'"),
            ("string(true)", "'true'"), ("bool('TRUE')", "true"), ("string(b'abc')", "'abc'"),
            ("string(b'\\xff')", "error: the text or number has no value of this type"),
            ("timestamp('2024-02-29T12:34:56.123456Z') == at", "true"), ("at.getFullYear()", "2024"),
            ("at.getMonth()", "1"), ("at.getDate()", "29"), ("at.getDayOfMonth()", "28"), ("at.getDayOfWeek()", "4"),
            ("at.getDayOfYear()", "59"), ("at.getHours()", "12"), ("at.getHours('+02:30')", "15"),
            ("at.getHours('America/New_York')", "7"), ("at.getHours('Mars/Base')", "error: there is no such time zone"),
            ("at.getMinutes()", "34"), ("at.getSeconds()", "56"), ("at.getMilliseconds()", "123"),
            ("day.getDate()", "29"), ("duration('1h30m').getMinutes()", "90"), ("duration('1.5s')", "1500000us"),
            ("duration('3.2s').getMilliseconds()", "200"),
            ("string(duration('90m'))", "'5400s'"), ("string(at)", "'2024-02-29T12:34:56.123456Z'"),
            ("at - at == duration('0s')", "true"), ("at + duration('24h') > at", "true"),
            ("timestamp(0) + duration('1s')", "@1000000"), ("int(timestamp(5))", "5"),
            ("tags.all(t, t.size() > 0)", "true"), ("tags.exists(t, t == 'bb')", "true"),
            ("tags.exists_one(t, t.size() == 1)", "true"), ("tags.filter(t, t > 'a')", "['bb', 'ccc']"),
            ("tags.map(t, t.size())", "[1, 2, 3]"), ("tags.map(t, t.size() > 1, t + '!')", "['bb!', 'ccc!']"),
            ("tags.map(t, tags.filter(s, s < t).size())", "[0, 1, 2]"), ("tags.map(t, t.size() * n)", "[6, 12, 18]"),
            ("[1, 2].map(i, [n, i].map(j, i * j))", "[[6, 1], [12, 4]]"),
            ("[0, 1].exists(i, 1 / i == 1)", "true"), ("[0, 1].all(i, 1 / i == 2)", "false"),
            ("[0, 1].exists_one(i, 1 / i == 1)", "error: division by zero"), ("'b' in tags", "false"),
            ("tags[n - 5]", "'bb'"), ("{'a': n, 'b': 2}['a']", "6"), ("{'a': 1}.map(k, k + k)", "['aa']"),
            ("has(row.name)", "true"), ("has({'a': 1}.b)", "false"), ("row.n", "6"),
            ("row[\"unit price\"] * 2.0", "19.5"),
            ("row.`unit price`", "9.75"), ("math.greatest(n, 7)", "7"), ("math.least(2.5, x, 1.0)", "1.0"),
            ("math.abs(-3)", "3"), ("math.ceil(x)", "3.0"), ("math.floor(-x)", "-3.0"), ("math.round(x)", "3.0"),
            ("math.isNaN(0.0 / 0.0)", "true"), ("0.0 / 0.0 == 0.0 / 0.0", "false"),
            ("n > 5 ? name : 'none'", "'Ärger 42'"),
            ("null == null", "true"), ("n == null", "false"), ("[]", "[]"), ("'a' // comment\n + 'b'", "'ab'"),
            ("r'\\n'.size()", "2"), ("'''a'b'''", "'a'b'"), ("b'\\303\\277'", "b[195, 191]"),
            ("'\\101\\x42\\u0043'", "'ABC'"),
            ("n in [1, 6] && ok", "true"), ("!(name == 'x') && x >= 2.5", "true"), ("1e3", "1000.0"), (".5", "0.5"),
        ])
    func values(text: String, expected: String) throws {
        let found = try Self.evaluate(text)
        #expect(found == expected, "\(text)")
    }

    @Test(
        "null is a value to compare, and an error to compute with",
        arguments: [
            ("n", "null"), ("n == null", "true"), ("n != null", "false"), ("n == 1", "false"),
            ("n + 1", "error: null has no such operation"), ("n > 1", "error: null has no such operation"),
            ("n != null && n > 1", "false"), ("n == null || n > 1", "true"), ("n == null ? 0 : n", "0"),
            ("has(row.n)", "false"), ("ok && true", "error: null has no such operation"), ("ok && false", "false"),
            ("ok ? 1 : 2", "error: null has no such operation"), ("!ok", "error: null has no such operation"),
            ("name.size()", "error: null has no such operation"),
            ("tags.exists(t, true)", "error: null has no such operation"),
            ("[n, 1][0]", "null"), ("[n, 1] == [null, 1]", "true"), ("n in [null, 1]", "true"),
            ("true ? n : 1", "null"), ("string(n)", "error: null has no such operation"),
            ("name.matches('a') || true", "true"),
        ])
    func nulls(text: String, expected: String) throws {
        let found = try Self.evaluate(text, row: 1)
        #expect(found == expected, "\(text)")
    }

    @Test(
        "are refused with a place and a reason when they are saved",
        arguments: [
            ("", "INVALID_EXPRESSION", 1, 1), ("1 +", "INVALID_EXPRESSION", 1, 4), ("n + 1.0", "TYPE_MISMATCH", 1, 3),
            ("nmae", "UNKNOWN_FIELD", 1, 1), ("ok &&\n nope", "UNKNOWN_FIELD", 2, 2),
            ("foo(1)", "UNKNOWN_FUNCTION", 1, 1),
            ("name.size(1)", "TYPE_MISMATCH", 1, 5), ("[1, 'a']", "TYPE_MISMATCH", 1, 5),
            ("n ? 1 : 2", "TYPE_MISMATCH", 1, 1),
            ("ok ? 1 : 'a'", "TYPE_MISMATCH", 1, 4), ("name.matches('(')", "INVALID_EXPRESSION", 1, 14),
            ("'abc", "INVALID_EXPRESSION", 1, 1), ("1 == 'a'", "TYPE_MISMATCH", 1, 3),
            ("9223372036854775808", "INVALID_EXPRESSION", 1, 1),
            ("a.b", "UNKNOWN_FIELD", 1, 1), ("n.b", "TYPE_MISMATCH", 1, 2), ("x % 2.0", "TYPE_MISMATCH", 1, 3),
            ("if", "INVALID_EXPRESSION", 1, 1), ("1 2", "INVALID_EXPRESSION", 1, 3),
            ("name # 1", "INVALID_EXPRESSION", 1, 6),
            ("Msg{a: 1}", "INVALID_EXPRESSION", 1, 4), ("{'a': 1, 'a': 2}", "INVALID_EXPRESSION", 1, 10),
            ("has(n)", "INVALID_EXPRESSION", 1, 1), ("tags.all(1, true)", "INVALID_EXPRESSION", 1, 10),
            ("row", "UNKNOWN_FIELD", 1, 1),
            ("-'a'", "TYPE_MISMATCH", 1, 1), ("!1", "TYPE_MISMATCH", 1, 1), ("1 in 2", "TYPE_MISMATCH", 1, 3),
            ("{'a': 1} == {'a': 1}", "TYPE_MISMATCH", 1, 10), ("math.foo(1)", "UNKNOWN_FUNCTION", 1, 5),
        ])
    func refusals(text: String, reason: String, line: Int, column: Int) throws {
        let schema = try #require(Self.schema)
        let error = try #require(throws: ExpressionError.self) { try Expression(text, schema: schema) }
        #expect(error.reason.rawValue == reason, "\(text): \(error)")
        #expect([error.line, error.column] == [line, column], "\(text): \(error)")
    }

    @Test("a mistyped name is met with the nearest one")
    func suggestions() throws {
        let schema = try #require(Self.schema)
        let error = try #require(throws: ExpressionError.self) { try Expression("nmae == 'a'", schema: schema) }
        #expect(error.message == "there is no field \"nmae\"; did you mean \"name\"?")
    }

    @Test(
        "have bounds",
        arguments: [
            String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000),
            String(repeating: "!", count: 10_000) + "true", String(repeating: "-", count: 5_000) + "n",
            "1" + String(repeating: " + 1", count: 100), "[" + String(repeating: "1, ", count: 1_500) + "1]",
            String(repeating: " ", count: 20_000) + "1", String(repeating: "[", count: 500),
            "tags.all(a, tags.all(b, tags.all(c, true)))", "name" + String(repeating: ".trim()", count: 200),
        ])
    func bounds(text: String) throws {
        let schema = try #require(Self.schema)
        let error = try #require(throws: ExpressionError.self) { try Expression(text, schema: schema) }
        #expect(error.reason == .limitExceeded || error.reason == .invalidExpression)
    }

    @Test("a limit on a batch's memory fails no row that would pass alone")
    func limits() throws {
        let schema = try Schema([Field("s", .string), Field("n", .int64)])
        let texts = ["short", String(repeating: "x", count: 90), "also short", String(repeating: "y", count: 40)]
        let batch = try ColumnBatch(
            schema: schema, rows: (0..<40).map { [.string(texts[$0 % 4]), .int64(Int64($0))] })
        var limits = ExpressionLimits()
        limits.maximumBatchTextBytes = 100
        limits.maximumBatchElements = 10
        let doubled = try Expression("s + s", schema: schema, limits: limits)
        let register = doubled.evaluate(batch)
        for row in 0..<40 {
            let text = texts[row % 4]
            let expected = row % 4 == 1 ? "error: the texts of a batch grow beyond the limit" : "'\(text)\(text)'"
            #expect(Self.describe(doubled, register, row) == expected)
        }
        let lists = try Expression("[n, n, n].map(i, i + 1)[2]", schema: schema, limits: limits)
        let sums = lists.evaluate(batch)
        #expect((0..<40).map { Self.describe(lists, sums, $0) } == (1...40).map { "\($0)" })
        let long = try Expression("[n, n, n, n, n, n, n, n, n, n, n].size()", schema: schema, limits: limits)
        #expect(Self.describe(long, long.evaluate(batch), 7) == "error: the lists of a batch grow beyond the limit")
    }
}
