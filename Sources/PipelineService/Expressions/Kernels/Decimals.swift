extension Function {
    /// Decimals with decimals and whole numbers give decimals, exactly, or an error of their row. A quotient is a double,
    /// as most have no end, and so is what is computed with a double.
    func decimalArithmetic(
        _ operation: Arithmetic, _ left: Register, _ right: Register, _ context: KernelContext,
        _ status: inout StatusBuilder
    ) -> Register.Values {
        guard let a = left.exact, let b = right.exact, operation != .divide else {
            return arithmetic(operation, [left.inexact, right.inexact], context, &status)
        }
        var failed: [Int] = []
        var values: [ExactDecimal] = []
        values.reserveCapacity(context.count)
        for row in 0..<context.count {
            let (x, y) = (a[left.at(row)], b[right.at(row)])
            let value =
                switch operation {
                case .add: x.adding(y)
                case .subtract: x.subtracting(y)
                default: x.multiplied(by: y)
                }
            if value == nil { failed.append(row) }
            values.append(value ?? .zero)
        }
        for row in failed { status.fail(row, context.sites[.overflow]) }
        return .decimal(values)
    }

    func decimals(_ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder) -> [ExactDecimal] {
        switch argument.values {
        case .decimal(let values): return values
        case .int(let values): return mapping(values, context.count) { ExactDecimal($0) }
        case .uint(let values): return mapping(values, context.count) { ExactDecimal($0) }
        case .double(let values):
            return converted(values, .invalidConversion, .zero, context, &status) { ExactDecimal($0) }
        case .string(let texts):
            let bytes = texts.bytes.span
            return converted(texts.extents, .invalidConversion, .zero, context, &status) {
                ExactDecimal(bytes, Int($0.start), Int($0.length))
            }
        default: preconditionFailure("checked: argument of decimal")
        }
    }

    func mathMapped(
        _ map: MathMap, _ values: [ExactDecimal], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        switch map {
        case .abs: .decimal(mapping(values, context.count) { $0.magnitude })
        case .sign: .decimal(mapping(values, context.count) { ExactDecimal(Int64($0.unscaled.signum())) })
        case .sqrt: .double(mapping(values, context.count) { $0.double.squareRoot() })
        case .ceil: .decimal(rounded(values, .up, context, &status))
        case .floor: .decimal(rounded(values, .down, context, &status))
        case .round: .decimal(rounded(values, .nearest, context, &status))
        case .trunc: .decimal(rounded(values, .towardZero, context, &status))
        }
    }

    private func rounded(
        _ values: [ExactDecimal], _ rounding: ExactDecimal.Rounding, _ context: KernelContext,
        _ status: inout StatusBuilder
    ) -> [ExactDecimal] {
        converted(values, .overflow, .zero, context, &status) { $0.rounded(rounding, places: 0) }
    }

    /// To so many places behind the point, which the result has, zeros included.
    func roundedTo(
        _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> [ExactDecimal] {
        guard case .decimal(let values) = arguments[0].values else { preconditionFailure("checked: decimal") }
        let places = wholes(arguments[1])
        return (0..<context.count).map { row in
            let count = places[arguments[1].at(row)]
            guard status.isValue(row) else { return .zero }
            guard (0...Int64(ExactDecimal.maximumDigits)).contains(count) else {
                status.fail(row, context.sites[.invalidArgument])
                return .zero
            }
            guard let value = values[arguments[0].at(row)].rounded(.nearest, places: Int(count)) else {
                status.fail(row, context.sites[.overflow])
                return .zero
            }
            return value
        }
    }

    /// The greater or lesser of two; of equal ones the first.
    func extreme(_ left: ExactDecimal, _ right: ExactDecimal, _ greatest: Bool) -> ExactDecimal {
        let order = ExactDecimal.order(left, right)
        return (greatest ? order < 0 : order > 0) ? right : left
    }
}

/// A decimal beside a number of another type; none beside NaN.
func compareDecimal(_ value: ExactDecimal, _ other: Register, _ row: Int) -> Int? {
    switch other.values {
    case .decimal(let values): ExactDecimal.order(value, values[row])
    case .int(let values): ExactDecimal.order(value, ExactDecimal(values[row]))
    case .uint(let values): ExactDecimal.order(value, ExactDecimal(values[row]))
    case .double(let values): ExactDecimal.order(value, values[row])
    default: preconditionFailure("checked: numbers")
    }
}

extension Register {
    /// The values as decimals; none for doubles.
    fileprivate var exact: [ExactDecimal]? {
        switch values {
        case .decimal(let values): values
        case .int(let values): values.map { ExactDecimal($0) }
        default: nil
        }
    }

    /// The same register with decimals and whole numbers as doubles.
    fileprivate var inexact: Register {
        switch values {
        case .decimal(let values): Register(.double(values.map(\.double)), status: status, isConstant: isConstant)
        case .int(let values): Register(.double(values.map { Double($0) }), status: status, isConstant: isConstant)
        default: self
        }
    }
}
