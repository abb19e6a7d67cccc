extension Function {
    func integers(_ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder) -> [Int64] {
        switch argument.values {
        case .int(let values): return values
        case .timestamp(let values):
            // Whole seconds, as CEL has them.
            return mapping(values, context.count) { floorDivide($0, 1_000_000) }
        case .uint(let values):
            return converted(values, .overflow, 0, context, &status) { Int64(exactly: $0) }
        case .double(let values):
            return converted(values, .overflow, 0, context, &status) { Int64(exactly: $0.rounded(.towardZero)) }
        case .decimal(let values):
            return converted(values, .overflow, 0, context, &status) { $0.truncatedInt64 }
        case .string(let texts):
            let bytes = texts.bytes.span
            return converted(texts.extents, .invalidConversion, 0, context, &status) {
                CellText.int64(bytes, Int($0.start), Int($0.length))
            }
        default: preconditionFailure("checked: argument of int")
        }
    }

    func unsignedIntegers(_ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder) -> [UInt64] {
        switch argument.values {
        case .uint(let values): return values
        case .int(let values):
            return converted(values, .overflow, 0, context, &status) { UInt64(exactly: $0) }
        case .double(let values):
            return converted(values, .overflow, 0, context, &status) { UInt64(exactly: $0.rounded(.towardZero)) }
        case .string(let texts):
            return converted(texts.extents, .invalidConversion, 0, context, &status) { extent in
                let text = texts.bytes[extent.range]
                guard text.allSatisfy({ $0 &- UInt8(ascii: "0") <= 9 }) else { return nil }
                return UInt64(String(decoding: text, as: UTF8.self))
            }
        default: preconditionFailure("checked: argument of uint")
        }
    }

    func doubles(_ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder) -> [Double] {
        switch argument.values {
        case .double(let values): return values
        case .int(let values): return mapping(values, context.count) { Double($0) }
        case .uint(let values): return mapping(values, context.count) { Double($0) }
        case .decimal(let values): return mapping(values, context.count) { $0.double }
        case .string(let texts):
            let bytes = texts.bytes.span
            return converted(texts.extents, .invalidConversion, 0, context, &status) {
                CellText.double(bytes, Int($0.start), Int($0.length))
            }
        default: preconditionFailure("checked: argument of double")
        }
    }

    func booleans(_ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder) -> [Bool] {
        switch argument.values {
        case .bool(let values): return values
        case .string(let texts):
            return converted(texts.extents, .invalidConversion, false, context, &status) { extent in
                switch String(decoding: texts.bytes[extent.range], as: UTF8.self) {
                case "true", "True", "TRUE", "t", "1": true
                case "false", "False", "FALSE", "f", "0": false
                default: nil
                }
            }
        default: preconditionFailure("checked: argument of bool")
        }
    }

    func timestamps(_ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder) -> [Int64] {
        switch argument.values {
        case .timestamp(let values): return values
        case .int(let values):
            return converted(values, .invalidConversion, 0, context, &status) { seconds in
                let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
                return !overflow && CivilTime.microseconds.contains(value) ? value : nil
            }
        case .string(let texts):
            let bytes = texts.bytes.span
            return converted(texts.extents, .invalidConversion, 0, context, &status) {
                CellText.timestamp(bytes, Int($0.start), Int($0.length), needsZone: true)
            }
        default: preconditionFailure("checked: argument of timestamp")
        }
    }

    func durations(_ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder) -> [Int64] {
        switch argument.values {
        case .duration(let values): return values
        case .string(let texts):
            return converted(texts.extents, .invalidConversion, 0, context, &status) {
                DurationText.microseconds(texts.bytes[$0.range])
            }
        default: preconditionFailure("checked: argument of duration")
        }
    }

    func strings(_ argument: Register, _ context: KernelContext, _ status: inout StatusBuilder) -> Register.Values {
        switch argument.values {
        case .string(let texts): return .string(texts)
        case .bytes(let texts):
            for row in 0..<context.count where status.isValue(row) {
                if String(validating: texts.bytes[texts.extents[row].range], as: UTF8.self) == nil {
                    status.fail(row, context.sites[.invalidConversion])
                }
            }
            return .string(texts)
        case .bool(let values): return .string(written(values, context) { $0.put($1) })
        case .int(let values): return .string(written(values, context) { $0.put($1) })
        case .uint(let values):
            return .string(written(values, context) { $0.put(Array(String($1).utf8)) })
        case .double(let values): return .string(written(values, context) { $0.putPlain($1) })
        case .decimal(let values): return .string(written(values, context) { $0.put($1) })
        case .timestamp(let values): return .string(written(values, context) { $0.putTimestamp($1) })
        case .duration(let values):
            return .string(written(values, context) { $0.put(Array(DurationText.text($1).utf8)) })
        default: preconditionFailure("checked: argument of string")
        }
    }

    private func written<Value>(
        _ values: [Value], _ context: KernelContext, _ put: (inout OutputBuffer, Value) -> Void
    ) -> Strings {
        var output = OutputBuffer(capacity: 16 * context.count)
        var extents: [Extent] = []
        extents.reserveCapacity(context.count)
        for value in values {
            let start = output.count
            put(&output, value)
            extents.append(Extent(start: UInt32(start), length: UInt32(output.count - start)))
        }
        return Strings(bytes: output.bytes, extents: extents)
    }

    @inline(__always)
    func converted<From: BitwiseCopyable, To: BitwiseCopyable>(
        _ values: [From], _ error: EvaluationError, _ none: To, _ context: KernelContext,
        _ status: inout StatusBuilder, _ body: (From) -> To?
    ) -> [To] {
        var failed: [Int] = []
        let from = values.span
        let result = [To](capacity: context.count) { output in
            for row in 0..<context.count {
                if let value = body(from[at: row]) {
                    output.append(value)
                } else {
                    output.append(none)
                    failed.append(row)
                }
            }
        }
        for row in failed { status.fail(row, context.sites[error]) }
        return result
    }
}

/// Division that rounds down.
func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
}
