/// A batch on its way through a plan's steps.
struct BatchWork {
    private(set) var batch: ColumnBatch
    /// Rows that were taken out: where they stood in the input, and why.
    private(set) var quarantined: [(row: UInt32, reason: QuarantineReason)] = []
    private(set) var counts: [StepCounts] = []
    /// Row by row, where it stood in the input; none while no row was left out.
    private var origins: [UInt32]?

    init(_ batch: ColumnBatch) { self.batch = batch }

    mutating func begin() { counts.append(StepCounts(input: batch.rowCount)) }

    /// What left the step and was not quarantined, it was asked to leave out.
    mutating func end() {
        let last = counts.count - 1
        counts[last].output = batch.rowCount
        counts[last].dropped = counts[last].input - batch.rowCount - counts[last].quarantined
    }

    // MARK: - Steps

    mutating func select(_ columns: [Int], _ schema: Schema) {
        batch = ColumnBatch(schema: schema, columns: columns.map { batch.columns[$0] }, rowCount: batch.rowCount)
    }

    mutating func cast(_ index: Int, _ cast: Cast, _ schema: Schema, step: Int) throws(RunError) {
        let column = batch.columns[index]
        let result = Casting.cast(column, to: cast.type)
        counts[counts.count - 1].failed = result.failed.count
        if let first = result.failed.first, cast.onError == .fail {
            throw RunError(.castFailed, step: step, message(column, cast, Int(first)))
        }
        var columns = batch.columns
        columns[index] = result.column
        batch = ColumnBatch(schema: schema, columns: columns, rowCount: batch.rowCount)
        guard cast.onError == .quarantine, !result.failed.isEmpty else { return }
        for row in result.failed {
            quarantine(
                Int(row),
                QuarantineReason(
                    code: .castFailed, step: step, rule: nil, field: cast.field,
                    message: message(column, cast, Int(row))))
        }
        var isBad = [Bool](repeating: false, count: batch.rowCount)
        for row in result.failed { isBad[Int(row)] = true }
        keep(isBad.indices.filter { !isBad[$0] }.map { UInt32($0) })
    }

    private func message(_ column: Column, _ cast: Cast, _ row: Int) -> String {
        let value =
            switch column[row] {
            case .string(let text): "\"\(text.prefix(100))\""
            case .int64(let number): "\(number)"
            case .double(let number): "\(number)"
            case .decimal(let number): "\(number)"
            default: "the value"
            }
        return "column \"\(cast.field)\": \(value) is no \(cast.type.wording)"
    }

    mutating func filter(_ expression: Expression, step: Int) {
        let register = expression.evaluate(batch)
        guard case .bool(let values) = register.values else {
            return failAll(expression, register, step)
        }
        var kept = [UInt32](capacity: values.count) { output in
            for row in values.indices where values[row] { output.append(UInt32(row)) }
        }
        if let status = register.status {
            kept = []
            for row in values.indices {
                if status[row] != 0 {
                    quarantine(row, fault(expression, status[row], step))
                } else if values[row] {
                    kept.append(UInt32(row))
                }
            }
        }
        keep(kept)
    }

    mutating func derive(_ index: Int, _ expression: Expression, _ type: ColumnType, _ schema: Schema, step: Int) {
        var register = expression.evaluate(batch)
        var faults: [Int] = []
        if let status = register.status {
            faults = status.indices.filter { status[$0] > Register.null }
            for row in faults { quarantine(row, fault(expression, status[row], step)) }
            if !faults.isEmpty { register.status = status.map { min($0, Register.null) } }
        }
        guard let column = Expression.column(register, as: type) else { preconditionFailure("the plan has typed it") }
        var columns = batch.columns
        if index < columns.count { columns[index] = column } else { columns.append(column) }
        batch = ColumnBatch(schema: schema, columns: columns, rowCount: batch.rowCount)
        guard !faults.isEmpty else { return }
        var isBad = [Bool](repeating: false, count: batch.rowCount)
        for row in faults { isBad[row] = true }
        keep(isBad.indices.filter { !isBad[$0] }.map { UInt32($0) })
    }

    mutating func rule(_ rule: QualityRule, _ expression: Expression, step: Int) throws(RunError) {
        let register = expression.evaluate(batch)
        let status = register.status
        var values = [Bool](repeating: false, count: batch.rowCount)
        if case .bool(let results) = register.values { values = results }
        let failing = (0..<batch.rowCount).filter { !values[$0] || (status?[$0] ?? 0) != 0 }
        counts[counts.count - 1].failed = failing.count
        guard let first = failing.first else { return }
        if rule.severity == .fail, rule.threshold == nil {
            let row = status?[first] ?? 0
            let why = row == 0 ? "is false" : fault(expression, row, step).message
            throw RunError(
                .qualityFailed, step: step, rule: rule.name, "rule \"\(rule.name)\" fails on a row: \(why)")
        }
        guard rule.severity == .quarantine else { return }
        var isBad = [Bool](repeating: false, count: batch.rowCount)
        for row in failing {
            isBad[row] = true
            let byte = status?[row] ?? 0
            let reason =
                byte == 0
                ? QuarantineReason(
                    code: .ruleFailed, step: step, rule: rule.name, field: nil,
                    message: "rule \"\(rule.name)\" is false")
                : fault(expression, byte, step, rule: rule.name)
            quarantine(row, reason)
        }
        keep(isBad.indices.filter { !isBad[$0] }.map { UInt32($0) })
    }

    // MARK: - Rows

    /// Keeps these rows, in this order.
    mutating func keep(_ rows: [UInt32]) {
        guard rows.count < batch.rowCount else { return }
        origins = origins.map { pick($0, rows) } ?? rows
        batch = batch.gather(rows)
    }

    private mutating func quarantine(_ row: Int, _ reason: QuarantineReason) {
        quarantined.append((origins?[row] ?? UInt32(row), reason))
        counts[counts.count - 1].quarantined += 1
    }

    private mutating func failAll(_ expression: Expression, _ register: Register, _ step: Int) {
        for row in 0..<batch.rowCount {
            quarantine(row, fault(expression, register.status?[row] ?? Register.null, step))
        }
        keep([])
    }

    private func fault(_ expression: Expression, _ status: UInt8, _ step: Int, rule: String? = nil) -> QuarantineReason
    {
        QuarantineReason(
            code: .expressionError, step: step, rule: rule, field: nil,
            message: expression.site(status)?.message ?? "the condition is null")
    }

    /// The rows that were taken out, as they came in and in that order.
    func quarantine(of input: ColumnBatch) -> QuarantinedRows {
        let sorted = quarantined.sorted { $0.row < $1.row }
        let rows = sorted.map(\.row)
        return QuarantinedRows(
            rows: rows.isEmpty ? .empty(input.schema) : input.gather(rows), reasons: sorted.map(\.reason),
            inputRows: rows)
    }
}
