@testable import PipelineService

/// Expressions in CEL over a table with a column of each type: what is read is read the same from its printed form, gives
/// the same values from there, and a row's value does not depend on the rows beside it.
func fuzzExpression(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    var limits = ExpressionLimits()
    limits.maximumBatchElements = 64
    limits.maximumBatchTextBytes = 4_096
    limits.maximumNodes = 300
    limits.maximumCost = 20_000
    guard let syntax = parse(text, limits) else {
        precondition(compile(text, limits) == nil, "an expression without syntax")
        return
    }
    let printed = syntax.text
    var wide = limits
    wide.maximumBytes = .max
    wide.maximumDepth *= 8
    guard let reparsed = parse(printed, wide) else { preconditionFailure("\(printed) cannot be read") }
    precondition(reparsed.text == printed, "\(printed) is read as \(reparsed.text)")
    guard let expression = compile(text, limits) else { return }
    guard let second = compile(printed, wide) else { preconditionFailure("\(printed) has no meaning") }
    let batch = ExpressionTable.batch
    let values = describe(expression, expression.evaluate(batch), batch.rowCount)
    let again = describe(second, second.evaluate(batch), batch.rowCount)
    precondition(again == values, "\(printed) is worth another value")
    for row in 0..<batch.rowCount {
        let alone = describe(expression, expression.evaluate(batch.slice(row..<row + 1)), 1)
        precondition(alone[0] == values[row], "row \(row) by itself is \(alone[0]), with others \(values[row])")
    }
    for type in ColumnType.allCases {
        guard let column = Expression.column(expression.evaluate(batch), as: type) else { continue }
        precondition(column.count == batch.rowCount && column.type == type, "another column")
    }
}

private func parse(_ text: String, _ limits: ExpressionLimits) -> Syntax? {
    guard var parser = try? Parser(Array(text.utf8), limits: limits) else { return nil }
    return try? parser.parse()
}

private func compile(_ text: String, _ limits: ExpressionLimits) -> Expression? {
    do throws(ExpressionError) {
        let expression = try Expression(text, schema: ExpressionTable.batch.schema, limits: limits)
        let count = ExpressionTable.batch.schema.count
        precondition(expression.fields.allSatisfy { $0 < count }, "a field beyond the table")
        return expression
    } catch {
        precondition(error.line > 0 && error.column > 0, "an error without a place")
        precondition(!error.message.isEmpty, "an error without a message")
        return nil
    }
}

private enum ExpressionTable {
    static let batch: ColumnBatch = {
        let fields = [
            Field("b", .bool), Field("i", .int64), Field("d", .double), Field("s", .string), Field("t", .timestamp),
            Field("y", .date), Field("l", .stringList),
        ]
        let rows: [[CellValue]] = [
            [
                .bool(true), .int64(3), .double(1.5), .string("a,b"), .timestamp(0), .date(20_000),
                .stringList(["x", "y"]),
            ],
            [.bool(false), .int64(.min), .double(-0.0), .string(""), .timestamp(1), .date(-1), .stringList([])],
            [.null, .null, .null, .null, .null, .null, .null],
            [
                .bool(true), .int64(.max), .double(.infinity), .string("2026-11-21T10:00:00Z"),
                .timestamp(CivilTime.microseconds.upperBound), .date(CivilTime.days.upperBound),
                .stringList(["é", ""]),
            ],
            [
                .bool(false), .int64(-1), .double(.nan), .string("äöü 12"),
                .timestamp(CivilTime.microseconds.lowerBound), .date(CivilTime.days.lowerBound),
                .stringList(["1", "2", "3"]),
            ],
        ]
        do {
            return try ColumnBatch(schema: Schema(fields), rows: rows)
        } catch {
            fatalError("the table is none: \(error)")
        }
    }()
}

/// The values of a register as texts, errors by what they are and not where they stand.
private func describe(_ expression: Expression, _ register: Register, _ count: Int) -> [String] {
    (0..<count).map { describe(expression, register, at: $0) }
}

private func describe(_ expression: Expression, _ register: Register, at row: Int) -> String {
    let at = register.at(row)
    let status = register.status?[at] ?? 0
    if status == Register.null { return "null" }
    if status != 0 {
        guard let site = expression.site(status) else { preconditionFailure("an error that is none") }
        return "error \(site.error.rawValue)"
    }
    return switch register.values {
    case .bool(let values): "\(values[at])"
    case .int(let values): "\(values[at])"
    case .uint(let values): "\(values[at])u"
    case .double(let values): values[at].isNaN ? "nan" : "double \(values[at].bitPattern)"
    case .decimal(let values): "decimal \(values[at])"
    case .string(let texts): text(texts, at)
    case .bytes(let texts): "\(Array(texts.bytes[texts.extents[at].range]))"
    case .timestamp(let values): "time \(values[at])"
    case .duration(let values): "duration \(values[at])"
    case .null: "null"
    case .list(let lists):
        "[\(lists.extents[at].range.map { describe(expression, lists.elements, at: $0) }.joined(separator: ", "))]"
    case .map: "map"
    }
}

private func text(_ texts: Strings, _ at: Int) -> String {
    let bytes = texts.bytes[texts.extents[at].range]
    guard let text = String(validating: bytes, as: UTF8.self) else {
        preconditionFailure("a text is no UTF-8: \(bytes)")
    }
    return "\"\(text)\""
}
