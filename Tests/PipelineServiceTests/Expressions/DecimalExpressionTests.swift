import Testing

@testable import PipelineService

@Suite("Expressions over decimals")
struct DecimalExpressionTests {
    private static func schema() throws -> Schema {
        try Schema([
            Field("price", .decimal), Field("cost", .decimal), Field("n", .int64), Field("x", .double),
            Field("s", .string),
        ])
    }

    private static func decimal(_ text: String) throws -> CellValue { .decimal(try #require(ExactDecimal(text))) }

    private static func evaluate(_ text: String, row: Int = 0) throws -> String {
        let batch = try ColumnBatch(
            schema: try schema(),
            rows: [
                [
                    try decimal("12.10"), try decimal("99999999999999999999.99"), .int64(3), .double(0.1),
                    .string("1.10"),
                ],
                [.null, .null, .null, .null, .null],
                [try decimal("-0.1"), try decimal("12.1"), .int64(-1), .double(12.1), .string("x")],
            ])
        let expression = try Expression(text, schema: try schema())
        return ExpressionTests.describe(expression, expression.evaluate(batch), row)
    }

    @Test(
        "give what is written",
        arguments: [
            ("price", "12.10"), ("price + cost", "100000000000000000012.09"), ("price * 1.19", "14.3990"),
            ("1.19 * price", "14.3990"), ("price * 2", "24.20"), ("price - n", "9.10"), ("-price", "-12.10"),
            ("price - 12.1", "0.00"), ("math.round(price * 1.19, 2)", "14.40"), ("math.round(price)", "12"),
            ("math.ceil(price)", "13"), ("math.floor(-price)", "-13"), ("math.trunc(-price)", "-12"),
            ("math.abs(-price)", "12.10"), ("math.sign(-price)", "-1"),
            ("math.greatest(price, cost, 1.5)", "99999999999999999999.99"),
            ("math.least(12.5, price)", "12.10"), ("math.sqrt(decimal('6.25'))", "2.5"),
            ("math.round(price, 39)", "error: an argument is outside its range"),
            ("price / 2", "6.05"), ("price / 2.0", "6.05"), ("1 / price > 0.08", "true"), ("price * x", "1.21"),
            ("x + price", "12.2"), ("cost * cost", "error: the result does not fit its type"),
            ("price == 12.1", "true"), ("price == 12.100", "true"), ("price != 12.1", "false"), ("price > 12", "true"),
            ("12.11 > price", "true"), ("price == x", "false"), ("decimal('0.1') == x", "true"),
            ("cost == 99999999999999999999.99", "true"), ("cost == 99999999999999999999.98", "false"),
            ("cost > 99999999999999999999.98 && cost < 1e20", "true"), ("cost < 1e300 && cost > -1e300", "true"),
            ("price in [1.5, 12.1]", "true"), ("price in [1, 12]", "false"),
            ("cost in [99999999999999999999.99]", "true"),
            ("price in [cost, price]", "true"), ("x in [price, decimal(\"0.10\")]", "true"), ("n < price", "true"),
            ("double(price)", "12.1"), ("int(price)", "12"), ("int(-price)", "-12"), ("string(price)", "'12.10'"),
            ("int(cost)", "error: the result does not fit its type"), ("decimal(s)", "1.10"), ("decimal(n)", "3"),
            ("decimal(x)", "0.1"), ("decimal(price)", "12.10"), ("decimal('1.10') + decimal(\"2.2\")", "3.30"),
            ("decimal(' 1')", "error: the text or number has no value of this type"),
            ("decimal(1.0 / 0.0)", "error: the text or number has no value of this type"),
            ("price == null ? 0.0 : price * 2.0", "24.200"), ("price > 100.0 ? price : 0.0", "0.0"),
            ("price > 100.0 ? price : -  1.50", "-1.50"), ("[price, cost].map(p, p * 2)[0]", "24.20"),
            ("[price, cost].exists(p, p > 1000.0)", "true"), ("has(row.price)", "true"), ("{'a': price}['a']", "12.10"),
            ("[price] == [decimal('12.1')]", "true"), ("price * -0.5", "-6.050"),
        ])
    func values(expression: String, result: String) throws { #expect(try Self.evaluate(expression) == result) }

    @Test("know null and other rows")
    func rows() throws {
        #expect(try Self.evaluate("price == null ? 0.0 : price * 2.0", row: 1) == "0.0")
        #expect(try Self.evaluate("price * 2.0", row: 1) == "error: null has no such operation")
        #expect(try Self.evaluate("price", row: 1) == "null")
        #expect(try Self.evaluate("price == -0.1", row: 2) == "true")
        #expect(try Self.evaluate("cost == x", row: 2) == "true")
        #expect(try Self.evaluate("decimal(s)", row: 2) == "error: the text or number has no value of this type")
    }

    @Test(
        "are refused when they are saved",
        arguments: [
            ("price % 2", "% does not take (decimal, int); decimals take + - * /"),
            ("price + 's'", "+ does not take (decimal, string)"),
            ("price + 1u", "+ does not take (decimal, uint)"), ("price == 's'", "a decimal never equals a string"),
            ("decimal(true)", "decimal does not take (bool)"),
            ("price in ['a']", "a decimal is never in a list(string)"),
            ("{1: 2}[price]", "a map(int, int) has no elements by decimal"),
            ("math.isNaN(price)", "math.isNaN does not take (decimal)"),
            ("math.round(x, 2)", "math.round does not take (double, int)"),
            ("n > 1 ? price : x", "the sides have two types, decimal and double"),
        ])
    func refusals(expression: String, message: String) throws {
        let error = try #require(throws: ExpressionError.self) {
            try Expression(expression, schema: try Self.schema())
        }
        #expect(error.message.contains(message), "\(error)")
    }
}
