extension Function {
    func elements(
        _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        guard case .list(let lists) = arguments[0].values else { preconditionFailure("checked: list") }
        let indices = wholes(arguments[1])
        var rows = [UInt32](repeating: 0, count: context.count)
        for row in 0..<context.count where status.isValue(row) {
            let extent = lists.extents[arguments[0].at(row)]
            let index = indices[arguments[1].at(row)]
            guard index >= 0, index < Int64(extent.length) else {
                status.fail(row, context.sites[.indexOutOfRange])
                continue
            }
            rows[row] = extent.start + UInt32(index)
        }
        guard lists.elements.count > 0 else { return .null(count: context.count) }
        return gathered(lists.elements, rows, &status)
    }

    func lookups(
        _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        guard case .map(let table) = arguments[0].values else { preconditionFailure("checked: map") }
        let keys = literals(arguments[1], context.count)
        // The values of all keys one behind the other: a row of it is a key's place and a row.
        let height = arguments[0].isConstant ? 1 : context.count
        guard table.values.reduce(0, { $0 + $1.footprint }) <= context.limits.maximumBatchTextBytes else {
            for row in 0..<context.count { status.fail(row, context.sites[.textLimit]) }
            return .null(count: context.count)
        }
        guard let all = Register.stacked(table.values, height: height) else { return .null(count: context.count) }
        var rows = [UInt32](repeating: 0, count: context.count)
        for row in 0..<context.count where status.isValue(row) {
            guard let place = table.positions[keys[arguments[1].at(row)]] else {
                status.fail(row, context.sites[.noSuchKey])
                continue
            }
            rows[row] = UInt32(place * height + arguments[0].at(row))
        }
        return gathered(all, rows, &status)
    }

    func keyTests(_ arguments: [Register], _ count: Int) -> [Bool] {
        guard case .map(let table) = arguments[0].values else { preconditionFailure("checked: map") }
        let keys = literals(arguments[1], count)
        return (0..<count).map { table.positions[keys[arguments[1].at($0)]] != nil }
    }

    /// Values by position, with what stands for values.
    private func gathered(
        _ register: Register, _ rows: [UInt32], _ status: inout StatusBuilder
    ) -> Register.Values {
        let picked = register.expanded(to: max(register.count, Int(rows.max() ?? 0) + 1)).gather(rows)
        if let bytes = picked.status {
            for row in rows.indices where bytes[row] != 0 { status.fail(row, bytes[row]) }
        }
        return picked.values
    }

    /// Keys as map literals have them. Whole numbers are one kind of key, whatever their type.
    private func literals(_ register: Register, _ count: Int) -> [Literal] {
        (0..<(register.isConstant ? 1 : count)).map { row in
            switch register.values {
            case .string(let texts): .string(texts[row])
            case .int(let values): .int(values[row])
            case .uint(let values): Int64(exactly: values[row]).map { .int($0) } ?? .uint(values[row])
            case .double(let values): Int64(exactly: values[row]).map { .int($0) } ?? .double(values[row])
            case .bool(let values): .bool(values[row])
            default: .null
            }
        }
    }

    func concatenated(
        _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        guard case .list(let left) = arguments[0].values, case .list(let right) = arguments[1].values else {
            preconditionFailure("checked: lists")
        }
        let leftCount =
            left.elements.isConstant ? left.extents.reduce(0) { max($0, $1.range.upperBound) } : left.elements.count
        let rightCount =
            right.elements.isConstant ? right.extents.reduce(0) { max($0, $1.range.upperBound) } : right.elements.count
        let (a, b) = (left.elements.expanded(to: leftCount), right.elements.expanded(to: rightCount))
        var rows: [UInt32] = []
        var extents: [Extent] = []
        for row in 0..<context.count {
            let first = rows.count
            if status.isValue(row) {
                let (x, y) = (left.extents[arguments[0].at(row)], right.extents[arguments[1].at(row)])
                if rows.count + Int(x.length) + Int(y.length) > context.limits.maximumBatchElements {
                    status.fail(row, context.sites[.listLimit])
                } else {
                    rows.append(contentsOf: x.range.map { UInt32($0) })
                    rows.append(contentsOf: y.range.map { UInt32($0 + leftCount) })
                }
            }
            extents.append(Extent(start: UInt32(first), length: UInt32(rows.count - first)))
        }
        let elements = Register.concatenated([a, b]).gather(rows)
        return .list(Register.Lists(extents: extents, elements: elements))
    }
}

extension Register {
    /// Registers of one type below each other, each as high as said; none where there are none.
    static func stacked(_ registers: [Register], height: Int) -> Register? {
        registers.isEmpty ? nil : concatenated(registers.map { $0.expanded(to: height) })
    }

    /// Registers of one type below each other. Those that hold nothing but null take the others' type.
    static func concatenated(_ registers: [Register]) -> Register {
        let counts = registers.map(\.count)
        var status: [UInt8]?
        if registers.contains(where: { $0.status != nil }) {
            status = zip(registers, counts).flatMap { $0.status ?? [UInt8](repeating: 0, count: $1) }
        }
        let typed = registers.first { if case .null = $0.values { false } else { true } }
        func all<Value>(_ none: Value, _ read: (Values) -> [Value]?) -> [Value] {
            zip(registers, counts).flatMap { read($0.values) ?? [Value](repeating: none, count: $1) }
        }
        let values: Values
        switch typed?.values {
        case nil, .null?: values = .null(count: counts.reduce(0, +))
        case .bool?: values = .bool(all(false) { if case .bool(let v) = $0 { v } else { nil } })
        case .int?: values = .int(all(0) { if case .int(let v) = $0 { v } else { nil } })
        case .uint?: values = .uint(all(0) { if case .uint(let v) = $0 { v } else { nil } })
        case .double?: values = .double(all(0) { if case .double(let v) = $0 { v } else { nil } })
        case .decimal?: values = .decimal(all(.zero) { if case .decimal(let v) = $0 { v } else { nil } })
        case .timestamp?: values = .timestamp(all(0) { if case .timestamp(let v) = $0 { v } else { nil } })
        case .duration?: values = .duration(all(0) { if case .duration(let v) = $0 { v } else { nil } })
        case .string?: values = .string(concatenatedTexts(registers, counts))
        case .bytes?: values = .bytes(concatenatedTexts(registers, counts))
        case .list?: values = concatenatedLists(registers, counts)
        case .map?: preconditionFailure("checked: maps stand nowhere but in front of an index")
        }
        return Register(values, status: status)
    }

    /// The bytes that putting this register below another copies.
    var footprint: Int {
        switch values {
        case .string(let texts), .bytes(let texts): min(texts.textBytes, texts.bytes.count)
        case .list(let lists): lists.elements.footprint
        default: 0
        }
    }

    /// The bytes that its values take, about.
    var weight: Int {
        switch values {
        case .string(let texts), .bytes(let texts): footprint + texts.extents.count * MemoryLayout<Extent>.size
        case .list(let lists): lists.extents.count * MemoryLayout<Extent>.size + lists.elements.weight
        case .map(let table): table.values.reduce(0) { $0 + $1.weight }
        case .bool(let values): values.count
        case .int(let values): values.count * 8
        case .uint(let values): values.count * 8
        case .double(let values): values.count * 8
        case .timestamp(let values): values.count * 8
        case .duration(let values): values.count * 8
        case .decimal(let values): values.count * MemoryLayout<ExactDecimal>.stride
        case .null: 0
        }
    }

    private static func concatenatedTexts(_ registers: [Register], _ counts: [Int]) -> Strings {
        var result = Strings()
        for (register, count) in zip(registers, counts) {
            let texts = register.texts
            guard texts.count == count else {
                for _ in 0..<count { result.append([]) }
                continue
            }
            if texts.textBytes < texts.bytes.count {
                for extent in texts.extents { result.append(texts.bytes[extent.range]) }
            } else {
                // The buffer is smaller than the texts in it, which share their bytes.
                let base = UInt32(result.bytes.count)
                result.bytes += texts.bytes
                result.extents += texts.extents.map { Extent(start: $0.start + base, length: $0.length) }
            }
        }
        return result
    }

    private static func concatenatedLists(_ registers: [Register], _ counts: [Int]) -> Values {
        var extents: [Extent] = []
        var elements: [Register] = []
        var base: UInt32 = 0
        for (register, count) in zip(registers, counts) {
            guard case .list(let lists) = register.values else {
                extents += [Extent](repeating: Extent(start: base, length: 0), count: count)
                continue
            }
            extents += lists.extents.map { Extent(start: $0.start + base, length: $0.length) }
            let height =
                lists.elements.isConstant
                ? lists.extents.reduce(0) { max($0, $1.range.upperBound) } : lists.elements.count
            elements.append(lists.elements.expanded(to: height))
            base += UInt32(height)
        }
        return .list(Lists(extents: extents, elements: concatenated(elements)))
    }
}
