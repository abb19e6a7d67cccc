/// An expression in CEL (https://cel.dev) that was checked against a schema: run on batches of that schema.
struct Expression: Sendable {
    /// As it was written.
    let text: String
    /// What its values are.
    let type: ExpressionType
    /// The columns that it reads.
    let fields: Set<Int>
    private let program: Program
    private let root: Int

    /// Parses and checks, and computes what depends on no row.
    init(_ text: String, schema: Schema, limits: ExpressionLimits = ExpressionLimits()) throws(ExpressionError) {
        let bytes = Array(text.utf8)
        do throws(SyntaxFault) {
            var parser = try Parser(bytes, limits: limits)
            let syntax = try parser.parse()
            var checker = Checker(schema: schema, limits: limits, text: bytes)
            root = try checker.check(syntax)
            program = checker.program
            fields = checker.fields
            let cost = program.nodes[root].cost
            guard cost <= limits.maximumCost else {
                throw SyntaxFault(
                    .limitExceeded, at: syntax.offset,
                    "the expression may cost \(cost) a row, the limit is \(limits.maximumCost)")
            }
        } catch {
            let place = SourcePosition(of: error.offset, in: bytes)
            throw ExpressionError(
                reason: error.reason, message: error.message, line: place.line, column: place.column)
        }
        self.text = text
        type = program.nodes[root].type
    }

    /// The values for a batch, one a row.
    func evaluate(_ batch: ColumnBatch) -> Register {
        let register = Evaluation.run(program, root, batch)
        guard case .list(let lists) = register.values, let nulls = lists.elements.status else { return register }
        // A column's lists hold no null: a list that does is an error here, not an empty text somewhere later.
        var status = StatusBuilder(count: batch.rowCount)
        for (row, extent) in lists.extents.enumerated() where extent.range.contains(where: { nulls[$0] != 0 }) {
            status.fail(row, Program.generalSite(.nullOperand))
        }
        var marked = register
        if let faults = status.bytes { marked.status = register.status.map { zip($0, faults).map(max) } ?? faults }
        return marked
    }

    /// What a status byte of a register stands for: an error.
    func site(_ status: UInt8) -> ErrorSite? { program.sites[Int(status)] }

    /// The values as a column; none where no column holds such values. Errors are for the caller to take out.
    static func column(_ register: Register, as type: ColumnType) -> Column? {
        let nulls = register.status
        switch (register.values, type) {
        case (.bool(let values), .bool): return Column(.bool(values), nulls: nulls)
        case (.int(let values), .int64): return Column(.int64(values), nulls: nulls)
        case (.double(let values), .double): return Column(.double(values), nulls: nulls)
        case (.decimal(let values), .decimal): return Column(.decimal(values), nulls: nulls)
        case (.string(let texts), .string): return Column(.string(texts), nulls: nulls)
        case (.timestamp(let values), .timestamp): return Column(.timestamp(values), nulls: nulls)
        case (.list(let lists), .stringList):
            let texts = lists.elements.count == 0 ? Strings() : lists.elements.texts
            return Column(.stringList(StringLists(elements: texts, extents: lists.extents)), nulls: nulls)
        case (.null(let count), _): return .nulls(of: type, count: count)
        default: return nil
        }
    }
}

/// Why a text is no expression over a schema.
struct ExpressionError: Error, Equatable, Sendable, CustomStringConvertible {
    let reason: PlanError.Reason
    let message: String
    /// The line, from 1.
    let line: Int
    /// The character in its line, from 1.
    let column: Int

    var description: String { "line \(line), column \(column): \(message)" }
}
