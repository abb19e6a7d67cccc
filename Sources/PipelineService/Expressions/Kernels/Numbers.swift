extension Function {
    func arithmetic(
        _ operation: Arithmetic, _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        let (left, right) = (arguments[0], arguments[1])
        switch (left.values, right.values) {
        case (.int(let a), .int(let b)):
            return .int(whole(operation, a, left.isConstant, b, right.isConstant, context, &status))
        case (.uint(let a), .uint(let b)):
            return .uint(whole(operation, a, left.isConstant, b, right.isConstant, context, &status))
        case (.double(let a), .double(let b)):
            let (aConstant, bConstant, count) = (left.isConstant, right.isConstant, context.count)
            switch operation {
            case .add: return .double(zipping(a, aConstant, b, bConstant, count) { $0 + $1 })
            case .subtract: return .double(zipping(a, aConstant, b, bConstant, count) { $0 - $1 })
            case .multiply: return .double(zipping(a, aConstant, b, bConstant, count) { $0 * $1 })
            case .divide, .remainder: return .double(zipping(a, aConstant, b, bConstant, count) { $0 / $1 })
            }
        case (.decimal, _), (_, .decimal): return decimalArithmetic(operation, left, right, context, &status)
        case (.string, .string): return .string(joinedTexts(left, right, context, &status))
        case (.bytes, .bytes): return .bytes(joinedTexts(left, right, context, &status))
        case (.timestamp(let a), .duration(let b)), (.duration(let a), .timestamp(let b)):
            var times = whole(operation, a, left.isConstant, b, right.isConstant, context, &status)
            for row in 0..<context.count where !CivilTime.microseconds.contains(times[row]) {
                status.fail(row, context.sites[.overflow])
                times[row] = 0
            }
            return .timestamp(times)
        case (.timestamp(let a), .timestamp(let b)), (.duration(let a), .duration(let b)):
            return .duration(whole(operation, a, left.isConstant, b, right.isConstant, context, &status))
        default: preconditionFailure("checked: operands of arithmetic")
        }
    }

    /// Whole numbers, whose overflow is an error of its row.
    private func whole<Number: FixedWidthInteger & BitwiseCopyable>(
        _ operation: Arithmetic, _ a: [Number], _ aConstant: Bool, _ b: [Number], _ bConstant: Bool,
        _ context: KernelContext, _ status: inout StatusBuilder
    ) -> [Number] {
        switch operation {
        case .add:
            checked(a, aConstant, b, bConstant, context, &status) { $0.addingReportingOverflow($1) }
        case .subtract:
            checked(a, aConstant, b, bConstant, context, &status) { $0.subtractingReportingOverflow($1) }
        case .multiply:
            checked(a, aConstant, b, bConstant, context, &status) { $0.multipliedReportingOverflow(by: $1) }
        case .divide:
            divided(a, aConstant, b, bConstant, context, &status) { $0.dividedReportingOverflow(by: $1) }
        case .remainder:
            divided(a, aConstant, b, bConstant, context, &status) { $0.remainderReportingOverflow(dividingBy: $1) }
        }
    }

    @inline(__always)
    private func checked<Number: FixedWidthInteger & BitwiseCopyable>(
        _ a: [Number], _ aConstant: Bool, _ b: [Number], _ bConstant: Bool, _ context: KernelContext,
        _ status: inout StatusBuilder, _ body: (Number, Number) -> (partialValue: Number, overflow: Bool)
    ) -> [Number] {
        var overflows = false
        let values = zipping(a, aConstant, b, bConstant, context.count) { left, right in
            let (value, overflow) = body(left, right)
            overflows = overflows || overflow
            return value
        }
        if overflows {
            // Rare: look again for the rows.
            for row in 0..<context.count where body(a[aConstant ? 0 : row], b[bConstant ? 0 : row]).overflow {
                status.fail(row, context.sites[.overflow])
            }
        }
        return values
    }

    @inline(__always)
    private func divided<Number: FixedWidthInteger & BitwiseCopyable>(
        _ a: [Number], _ aConstant: Bool, _ b: [Number], _ bConstant: Bool, _ context: KernelContext,
        _ status: inout StatusBuilder, _ body: (Number, Number) -> (partialValue: Number, overflow: Bool)
    ) -> [Number] {
        if b.contains(0) {
            for row in 0..<context.count where b[bConstant ? 0 : row] == 0 {
                status.fail(row, context.sites[.divisionByZero])
            }
        }
        return checked(a, aConstant, b, bConstant, context, &status, body)
    }

    func negated(_ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder) -> Register.Values {
        switch argument.values {
        case .double(let values): return .double(mapping(values, context.count) { -$0 })
        case .decimal(let values): return .decimal(mapping(values, context.count) { $0.negated })
        case .int(let values):
            for row in 0..<context.count where values[row] == .min { status.fail(row, context.sites[.overflow]) }
            return .int(mapping(values, context.count) { 0 &- $0 })
        case .duration(let values):
            for row in 0..<context.count where values[row] == .min { status.fail(row, context.sites[.overflow]) }
            return .duration(mapping(values, context.count) { 0 &- $0 })
        default: preconditionFailure("checked: operand of a minus")
        }
    }

    func mathMapped(
        _ map: MathMap, _ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        switch (map, argument.values) {
        case (.abs, .int(let values)):
            for row in 0..<context.count where values[row] == .min { status.fail(row, context.sites[.overflow]) }
            return .int(mapping(values, context.count) { $0 < 0 ? 0 &- $0 : $0 })
        case (.sign, .int(let values)): return .int(mapping(values, context.count) { $0.signum() })
        case (.abs, .uint(let values)): return .uint(values)
        case (.sign, .uint(let values)): return .uint(mapping(values, context.count) { min($0, 1) })
        case (_, .double(let values)):
            return .double(
                mapping(values, context.count) { value in
                    switch map {
                    case .abs: value.magnitude
                    case .sign: value.isNaN ? value : value > 0 ? 1 : value < 0 ? -1 : 0
                    case .ceil: value.rounded(.up)
                    case .floor: value.rounded(.down)
                    case .round: value.rounded(.toNearestOrAwayFromZero)
                    case .trunc: value.rounded(.towardZero)
                    case .sqrt: value.squareRoot()
                    }
                })
        case (_, .decimal(let values)): return mathMapped(map, values, context, &status)
        case (.sqrt, .int(let values)): return .double(mapping(values, context.count) { Double($0).squareRoot() })
        case (.sqrt, .uint(let values)): return .double(mapping(values, context.count) { Double($0).squareRoot() })
        default: preconditionFailure("checked: argument of math")
        }
    }

    func mathTested(_ test: MathTest, _ argument: Register, _ count: Int) -> [Bool] {
        guard case .double(let values) = argument.values else { preconditionFailure("checked: double") }
        return switch test {
        case .isNaN: mapping(values, count) { $0.isNaN }
        case .isInf: mapping(values, count) { $0.isInfinite }
        case .isFinite: mapping(values, count) { $0.isFinite }
        }
    }

    /// The greatest or least of arguments of one type.
    func extremes(_ arguments: [Register], greatest: Bool, _ count: Int) -> Register.Values {
        var best = arguments[0]
        for next in arguments.dropFirst() {
            let (a, b) = (best.isConstant, next.isConstant)
            let isConstant = a && b
            let values: Register.Values =
                switch (best.values, next.values) {
                case (.int(let left), .int(let right)): .int(extreme(left, a, right, b, greatest, count))
                case (.uint(let left), .uint(let right)): .uint(extreme(left, a, right, b, greatest, count))
                case (.double(let left), .double(let right)): .double(extreme(left, a, right, b, greatest, count))
                case (.decimal(let left), .decimal(let right)):
                    .decimal(zipping(left, a, right, b, isConstant ? 1 : count) { extreme($0, $1, greatest) })
                default: preconditionFailure("checked: numbers of one type")
                }
            best = Register(values, isConstant: isConstant)
        }
        return best.expanded(to: count).values
    }

    private func extreme<Number: Comparable & BitwiseCopyable>(
        _ a: [Number], _ aConstant: Bool, _ b: [Number], _ bConstant: Bool, _ greatest: Bool, _ count: Int
    ) -> [Number] {
        let count = aConstant && bConstant ? 1 : count
        return greatest
            ? zipping(a, aConstant, b, bConstant, count) { $0 < $1 ? $1 : $0 }
            : zipping(a, aConstant, b, bConstant, count) { $1 < $0 ? $1 : $0 }
    }
}
