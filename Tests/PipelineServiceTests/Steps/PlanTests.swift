import Testing

@testable import PipelineService

@Suite("Plans")
struct PlanTests {
    static func schema() throws -> Schema {
        try Schema([
            Field("id", .int64), Field("name", .string), Field("price", .string), Field("stock", .int64),
            Field("tags", .stringList),
        ])
    }

    static func batch(_ rows: [[CellValue]]) throws -> ColumnBatch { try ColumnBatch(schema: schema(), rows: rows) }

    static let rows: [[CellValue]] = [
        [.int64(1), .string("one"), .string("1.50"), .int64(3), .stringList(["a"])],
        [.int64(2), .string("two"), .string("n/a"), .int64(0), .null],
        [.int64(1), .string("again"), .string("9"), .int64(1), .null],
        [.int64(4), .null, .null, .null, .stringList([])],
        [.int64(5), .string("five"), .string(" 5 "), .int64(0), .stringList(["b", "c"])],
        [.int64(6), .string("six"), .string("-6"), .int64(2), .null],
    ]

    static let steps: [PipelineStep] = [
        .dedupe(keys: ["id"]), .cast(Cast(field: "price", type: .double)),
        .rule(QualityRule(name: "positive", expression: "price == null || price > 0.0", severity: .quarantine)),
        .derive(name: "value", expression: "price * double(stock)"),
        .filter(expression: "stock > 0"), .rename([.init(from: "name", to: "title")]),
        .select(fields: ["id", "title", "value"]),
    ]

    @Test("take rows through all steps, and say what became of each")
    func steps() throws {
        let plan = try PipelinePlan(PipelineDefinition(steps: Self.steps), input: Self.schema())
        #expect(
            plan.outputSchema.fields == [Field("id", .int64), Field("title", .string), Field("value", .double)])
        var run = try PlanRun(plan)
        let result = try run.process(Self.batch(Self.rows))
        #expect(result.output.rows(0..<result.output.rowCount) == [[.int64(1), .string("one"), .double(4.5)]])
        #expect(result.quarantined.inputRows == [1, 3, 5])
        #expect(result.quarantined.rows.rows(0..<3) == [Self.rows[1], Self.rows[3], Self.rows[5]])
        #expect(result.quarantined.reasons.map(\.code) == [.castFailed, .expressionError, .ruleFailed])
        #expect(result.quarantined.reasons.map(\.step) == [1, 3, 2])
        #expect(result.quarantined.reasons[0].message == "column \"price\": \"n/a\" is no double")
        #expect(result.quarantined.reasons[1].message == "null has no such operation (line 1, column 9)")
        #expect(result.quarantined.reasons[2].rule == "positive")
        #expect(
            result.counts == [
                StepCounts(input: 6, output: 5, dropped: 1), StepCounts(input: 5, output: 4, quarantined: 1, failed: 1),
                StepCounts(input: 4, output: 3, quarantined: 1, failed: 1),
                StepCounts(input: 3, output: 2, quarantined: 1), StepCounts(input: 2, output: 1, dropped: 1),
                StepCounts(input: 1, output: 1), StepCounts(input: 1, output: 1),
            ])
        let summary = try run.finish()
        #expect([summary.rowsIn, summary.rowsOut, summary.rowsQuarantined] == [6, 1, 3])
    }

    @Test("go on after a crash as if there had been none")
    func restarts() throws {
        var generator = SplitMix(5)
        let plan = try PipelinePlan(
            PipelineDefinition(steps: Self.steps + [.dedupe(keys: ["title"])]), input: Self.schema())
        let batches = try (0..<20).map { _ in
            try Self.batch(
                (0..<50).map { _ in
                    [
                        .int64(Int64.random(in: 0..<400, using: &generator)),
                        .string(randomText(&generator)), .string("\(Int.random(in: -2..<9, using: &generator))"),
                        .int64(Int64.random(in: 0..<3, using: &generator)), .null,
                    ]
                })
        }
        var quiet = try PlanRun(plan, seed: (1, 2))
        let expected = try batches.map { try quiet.process($0) }
        var pieces: [[UInt8]] = []
        for (number, batch) in batches.enumerated() {
            // A new run for each batch, of another seed, from what was stored.
            var run = try PlanRun(plan, state: pieces, seed: (UInt64(number), 9))
            let result = try run.process(batch)
            #expect(
                result.output.rows(0..<result.output.rowCount)
                    == expected[number].output.rows(0..<expected[number].output.rowCount))
            #expect(result.quarantined.reasons == expected[number].quarantined.reasons)
            pieces.append(result.state)
            if number == batches.count - 1 { #expect(run.summary == quiet.summary) }
        }
        #expect(quiet.summary.counts[0].dropped > 300)
        // What is damaged, missing or of another plan is not gone on from.
        var damaged = pieces
        damaged[3][20] ^= 1
        #expect(throws: RunError.self) { try PlanRun(plan, state: damaged) }
        #expect(throws: RunError.self) { try PlanRun(plan, state: pieces.dropFirst()) }
        let other = try PipelinePlan(PipelineDefinition(steps: [.dedupe(keys: ["id"])]), input: Self.schema())
        #expect(throws: RunError.self) { try PlanRun(other, state: pieces) }
    }

    @Test(
        "are refused with path, reason and place when they are saved",
        arguments: [
            (PipelineStep.filter(expression: "stock >"), "steps[0].filter.expression", "INVALID_EXPRESSION"),
            (.filter(expression: "stock + 1"), "steps[0].filter.expression", "TYPE_MISMATCH"),
            (.filter(expression: "nope > 1"), "steps[0].filter.expression", "UNKNOWN_FIELD"),
            (.select(fields: ["id", "nope"]), "steps[0].select.fields[1]", "UNKNOWN_FIELD"),
            (.select(fields: ["id", "id"]), "steps[0].select.fields", "DUPLICATE_FIELD"),
            (.select(fields: []), "steps[0].select.fields", "INVALID_STEP"),
            (.rename([.init(from: "id", to: "name")]), "steps[0].rename", "DUPLICATE_FIELD"),
            (.rename([.init(from: "x", to: "y")]), "steps[0].rename[0].from", "UNKNOWN_FIELD"),
            (.rename([.init(from: "id", to: "")]), "steps[0].rename", "INVALID_FIELD"),
            (.cast(Cast(field: "id", type: .timestamp)), "steps[0].cast.type", "TYPE_MISMATCH"),
            (.derive(name: "x", expression: "uint(id)"), "steps[0].derive.expression", "TYPE_MISMATCH"),
            (.derive(name: "x", expression: "frobnicate(id)"), "steps[0].derive.expression", "UNKNOWN_FUNCTION"),
            (.dedupe(keys: ["x"]), "steps[0].dedupe.keys[0]", "UNKNOWN_FIELD"),
            (.rule(QualityRule(name: "", expression: "true", severity: .warn)), "steps[0].rule.name", "INVALID_STEP"),
            (
                .rule(QualityRule(name: "r", expression: "true", severity: .warn, threshold: 2)),
                "steps[0].rule.threshold", "INVALID_STEP"
            ),
        ])
    func refusals(step: PipelineStep, path: String, reason: String) throws {
        let schema = try Self.schema()
        let error = try #require(throws: PlanError.self) {
            try PipelinePlan(PipelineDefinition(steps: [step]), input: schema)
        }
        #expect(error.path == path)
        #expect(error.reason.rawValue == reason)
        #expect((error.line != nil) == path.hasSuffix("expression"))
    }

    @Test("rules warn, quarantine and fail by share")
    func thresholds() throws {
        func outcome(_ severity: QualityRule.Severity, _ threshold: Double?) throws -> (rows: Int, warnings: [String]) {
            let rule = QualityRule(name: "r", expression: "stock > 0", severity: severity, threshold: threshold)
            var run = try PlanRun(PipelinePlan(PipelineDefinition(steps: [.rule(rule)]), input: Self.schema()))
            _ = try run.process(Self.batch(Self.rows))
            let summary = try run.finish()
            return (summary.rowsOut, summary.warnings)
        }
        // Three of six rows fail: two of zero, one of null.
        #expect(try outcome(.warn, nil) == (6, []))
        #expect(try outcome(.warn, 0.4) == (6, ["r"]))
        #expect(try outcome(.warn, 0.5) == (6, []))
        #expect(try outcome(.quarantine, nil) == (3, []))
        #expect(try outcome(.quarantine, 0.5) == (3, []))
        #expect(throws: RunError.self) { try outcome(.quarantine, 0.4) }
        #expect(throws: RunError.self) { try outcome(.fail, nil) }
        #expect(throws: RunError.self) { try outcome(.fail, 0.4) }
        #expect(try outcome(.fail, 0.5) == (6, []))
    }

    @Test(
        "casts lose nothing",
        arguments: [
            (CellValue.string(" 12 "), ColumnType.int64, CellValue.int64(12)), (.string("1.5"), .int64, .null),
            (.string("1e3"), .double, .double(1_000)), (.string("TRUE"), .bool, .bool(true)),
            (.string("yes"), .bool, .null),
            (.string("2024-02-29"), .date, .date(19_782)), (.string("2023-02-29"), .date, .null),
            (.string("2024-02-29T00:00:00+01:00"), .timestamp, .timestamp(1_709_161_200_000_000)),
            (.string("[\"a\"]"), .stringList, .stringList(["a"])), (.string("[1]"), .stringList, .null),
            (.int64(9_007_199_254_740_993), .double, .null), (.int64(3), .double, .double(3)),
            (.double(2.5), .int64, .null),
            (.double(2), .int64, .int64(2)), (.double(1e300), .int64, .null), (.double(.nan), .int64, .null),
            (.int64(2), .bool, .null), (.int64(1), .bool, .bool(true)), (.bool(true), .int64, .int64(1)),
            (.timestamp(-1), .date, .date(-1)), (.date(1), .timestamp, .timestamp(86_400_000_000)),
            (.double(0.1), .string, .string("0.1")), (.stringList(["a\"b"]), .string, .string("[\"a\\\"b\"]")),
            (.bool(false), .string, .string("false")), (.timestamp(0), .string, .string("1970-01-01T00:00:00Z")),
            (.null, .int64, .null),
        ])
    func casts(from: CellValue, type: ColumnType, to: CellValue) throws {
        let input = try Schema([Field("c", from.type ?? .string)])
        let plan = try PipelinePlan(
            PipelineDefinition(steps: [.cast(Cast(field: "c", type: type, onError: .null))]), input: input)
        var run = try PlanRun(plan)
        let result = try run.process(ColumnBatch(schema: input, rows: [[from]]))
        #expect(result.output.row(0) == [to])
        #expect(result.counts[0].failed == (to == .null && from != .null ? 1 : 0))
    }

    @Test("dedupe has a bound on keys, and knows values from null")
    func dedupe() throws {
        let input = try Schema([Field("a", .string), Field("b", .double)])
        var limits = PipelineLimits()
        limits.maximumDedupeKeys = 6
        let plan = try PipelinePlan(
            PipelineDefinition(steps: [.dedupe(keys: ["a", "b"])]), input: input, limits: limits)
        var run = try PlanRun(plan)
        let rows: [[CellValue]] = [
            [.string("x"), .double(0)], [.string("x"), .double(-0.0)], [.string("x"), .null], [.null, .double(0)],
            [.null, .null], [.string(""), .null], [.null, .null], [.string("x"), .null],
        ]
        let result = try run.process(ColumnBatch(schema: input, rows: rows))
        #expect(result.output.rows(0..<result.output.rowCount) == [rows[0], rows[2], rows[3], rows[4], rows[5]])
        let more: [[CellValue]] = [[.string("y"), .null], [.string("z"), .null]]
        #expect(throws: RunError.self) { try run.process(ColumnBatch(schema: input, rows: more)) }
    }
}
