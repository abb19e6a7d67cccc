extension Function {
    /// The values for these arguments, whose types the checker has settled.
    func apply(_ arguments: [Register], _ outer: KernelContext) -> Register {
        let isConstant = arguments.allSatisfy { $0.isConstant }
        let context = KernelContext(
            count: isConstant ? 1 : outer.count, sites: outer.sites, limits: outer.limits, pattern: outer.pattern)
        var status = StatusBuilder(arguments, count: context.count, nullSite: context.sites[.nullOperand])
        // A literal null has no values of any type: all rows are errors already.
        if arguments.contains(where: { if case .null = $0.values { true } else { false } }) {
            return Register(.null(count: context.count), status: status.bytes, isConstant: isConstant)
        }
        let values = compute(arguments, context, &status)
        return Register(values, status: status.bytes, isConstant: isConstant)
    }

    private func compute(
        _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        switch self {
        case .order(let order): .bool(ordered(order, arguments[0], arguments[1], context.count))
        case .arithmetic(let operation): arithmetic(operation, arguments, context, &status)
        case .negate: negated(arguments[0], context, &status)
        case .not: logicalNot(arguments[0], context.count)
        case .size: .int(sizes(arguments[0], context.count))
        case .textTest(let test): .bool(tested(test, arguments[0], arguments[1], context.count))
        case .textMap(let map): mapped(map, arguments[0], context, &status)
        case .matches: .bool(matched(arguments, context, &status))
        case .charAt: character(arguments, context, &status)
        case .indexOf: .int(found(arguments, backwards: false, context, &status))
        case .lastIndexOf: .int(found(arguments, backwards: true, context, &status))
        case .substring: substrings(arguments, context, &status)
        case .replace: replaced(arguments, context, &status)
        case .split: pieces(arguments, context, &status)
        case .join: joined(arguments, context, &status)
        case .concatenateLists: concatenated(arguments, context, &status)
        case .toInt: .int(integers(arguments[0], context, &status))
        case .toUint: .uint(unsignedIntegers(arguments[0], context, &status))
        case .toDouble: .double(doubles(arguments[0], context, &status))
        case .toDecimal: .decimal(decimals(arguments[0], context, &status))
        case .toString: strings(arguments[0], context, &status)
        case .toBool: .bool(booleans(arguments[0], context, &status))
        case .toBytes: .bytes(arguments[0].texts)
        case .toTimestamp: .timestamp(timestamps(arguments[0], context, &status))
        case .toDuration: .duration(durations(arguments[0], context, &status))
        case .timePart(let part): .int(timeParts(part, arguments, context, &status))
        case .mathMap(let map): mathMapped(map, arguments[0], context, &status)
        case .mathTest(let test): .bool(mathTested(test, arguments[0], context.count))
        case .roundTo: .decimal(roundedTo(arguments, context, &status))
        case .greatest: extremes(arguments, greatest: true, context.count)
        case .least: extremes(arguments, greatest: false, context.count)
        case .listIndex: elements(arguments, context, &status)
        case .mapIndex: lookups(arguments, context, &status)
        case .mapHas: .bool(keyTests(arguments, context.count))
        }
    }

    private func logicalNot(_ argument: Register, _ count: Int) -> Register.Values {
        guard case .bool(let values) = argument.values else { preconditionFailure("checked: bool") }
        return .bool(mapping(values, count) { !$0 })
    }

    /// The errors that this may give beside null operands.
    var errors: [EvaluationError] {
        switch self {
        case .arithmetic: [.overflow, .divisionByZero, .textLimit]
        case .negate, .mathMap: [.overflow]
        case .textMap: [.textLimit]
        case .matches: [.invalidPattern]
        case .charAt, .substring: [.indexOutOfRange]
        case .indexOf, .lastIndexOf: [.indexOutOfRange]
        case .replace, .join: [.textLimit]
        case .split, .concatenateLists: [.listLimit]
        case .toInt, .toUint: [.invalidConversion, .overflow]
        case .roundTo: [.overflow, .invalidArgument]
        case .toDouble, .toDecimal, .toBool, .toTimestamp, .toDuration: [.invalidConversion]
        case .toString: [.invalidConversion, .textLimit]
        case .timePart: [.invalidTimeZone]
        case .listIndex: [.indexOutOfRange]
        case .mapIndex: [.noSuchKey, .textLimit]
        case .order, .not, .size, .textTest, .toBytes, .mathTest, .greatest, .least, .mapHas: []
        }
    }
}
