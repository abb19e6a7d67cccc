/// How values, null and errors go together in conditions, lists and macros.
enum Logic {
    static func connected(
        _ left: Register, _ right: Register, _ decisive: Bool, _ nullSite: UInt8, _ outer: Int
    ) -> Register {
        let isConstant = left.isConstant && right.isConstant
        let count = isConstant ? 1 : outer
        if case .bool(let a) = left.values, case .bool(let b) = right.values, left.status == nil, right.status == nil {
            let values =
                decisive
                ? zipping(a, left.isConstant, b, right.isConstant, count) { $0 || $1 }
                : zipping(a, left.isConstant, b, right.isConstant, count) { $0 && $1 }
            return Register(.bool(values), isConstant: isConstant)
        }
        var values = [Bool](repeating: !decisive, count: count)
        var status = [UInt8](repeating: 0, count: count)
        for row in 0..<count {
            let (first, second) = (truth(left, row), truth(right, row))
            if first == .value(decisive) || second == .value(decisive) {
                values[row] = decisive
            } else if case .error(let site) = first {
                status[row] = site
            } else if case .error(let site) = second {
                status[row] = site
            } else if first == .null || second == .null {
                status[row] = nullSite
            }
        }
        return Register(.bool(values), status: status.contains { $0 != 0 } ? status : nil, isConstant: isConstant)
    }

    private enum Truth: Equatable { case value(Bool), null, error(UInt8) }

    private static func truth(_ register: Register, _ row: Int) -> Truth {
        let at = register.at(row)
        let byte = register.status?[at] ?? 0
        if byte == Register.null { return .null }
        if byte != 0 { return .error(byte) }
        guard case .bool(let values) = register.values else { return .null }
        return .value(values[at])
    }

    /// Puts the rows of a part back into the whole.
    static func scattered(_ part: Register, _ rows: [UInt32], into whole: Register) -> Register {
        guard case .bool(var values) = whole.values, case .bool(let some) = part.values else { return whole }
        var status = whole.status ?? [UInt8](repeating: 0, count: values.count)
        for (place, row) in rows.enumerated() {
            values[Int(row)] = some[part.at(place)]
            status[Int(row)] = part.status?[part.at(place)] ?? 0
        }
        return Register(.bool(values), status: status.contains { $0 != 0 } ? status : nil)
    }

    /// `?:`, both sides computed for all rows.
    static func chosen(
        _ condition: Register, _ yes: Register, _ no: Register, _ nullSite: UInt8, _ outer: Int
    ) -> Register {
        guard case .bool(let values) = condition.values else { preconditionFailure("checked: bool") }
        let isConstant = condition.isConstant && yes.isConstant && no.isConstant
        let count = isConstant ? 1 : outer
        let base = UInt32(yes.count)
        let places = (0..<count).map { row in
            values[condition.at(row)] ? UInt32(yes.at(row)) : base + UInt32(no.at(row))
        }
        var (first, second) = (yes, no)
        first.isConstant = false
        second.isConstant = false
        let result = Register.concatenated([first, second]).gather(places)
        var guarded = guarded(result, by: condition, nullSite, count)
        guarded.isConstant = isConstant
        return guarded
    }

    /// A result where a condition has a value, else the condition's error.
    static func guarded(_ result: Register, by condition: Register, _ nullSite: UInt8, _ count: Int) -> Register {
        guard let doubts = condition.status else { return result }
        var copy = result
        var status = result.status ?? [UInt8](repeating: 0, count: count)
        for row in 0..<count {
            let doubt = doubts[condition.at(row)]
            if doubt != 0 { status[row] = doubt == Register.null ? nullSite : doubt }
        }
        copy.status = status
        return copy
    }

    /// The first error among registers, row by row; null is no error here.
    static func errors(of registers: [Register], _ count: Int) -> StatusBuilder {
        var status = StatusBuilder(count: count)
        for register in registers {
            guard let bytes = register.status else { continue }
            for row in 0..<count where bytes[register.at(row)] > Register.null {
                status.fail(row, bytes[register.at(row)])
            }
        }
        return status
    }

    /// Elements of a list that is an error itself count as null.
    static func withoutErrors(_ register: Register) -> Register {
        guard let status = register.status else { return register }
        var copy = register
        copy.status = status.map { min($0, Register.null) }
        return copy
    }

    /// What a macro makes of its bodies' values, element by element.
    static func folded(
        _ kind: Program.Comprehension, _ bodies: [Register], _ elements: Register, _ extents: [Extent],
        _ status: inout StatusBuilder, nullSite: UInt8
    ) -> Register {
        switch kind {
        case .all, .exists:
            let decisive = kind == .exists
            var values = [Bool](repeating: !decisive, count: extents.count)
            for (row, extent) in extents.enumerated() {
                var fault: UInt8 = 0
                for element in extent.range where values[row] != decisive {
                    switch truth(bodies[0], element) {
                    case .value(decisive): values[row] = decisive
                    case .value: break
                    case .null: fault = fault == 0 ? nullSite : fault
                    case .error(let site): fault = fault == 0 ? site : fault
                    }
                }
                if values[row] != decisive, fault != 0 { status.fail(row, fault) }
            }
            return Register(.bool(values), status: status.bytes)
        case .existsOne:
            let kept = passing(bodies[0], extents, &status, nullSite)
            return Register(.bool(kept.extents.map { $0.length == 1 }), status: status.bytes)
        case .filter:
            let kept = passing(bodies[0], extents, &status, nullSite)
            let left = elements.count == 0 ? elements : elements.gather(kept.elements)
            return Register(.list(Register.Lists(extents: kept.extents, elements: left)), status: status.bytes)
        case .map:
            failing(bodies[0], extents, &status)
            return Register(
                .list(Register.Lists(extents: extents, elements: withoutErrors(bodies[0]))), status: status.bytes)
        case .filterMap:
            let kept = passing(bodies[0], extents, &status, nullSite)
            let left = bodies[1].count == 0 ? bodies[1] : bodies[1].gather(kept.elements)
            failing(left, kept.extents, &status)
            return Register(
                .list(Register.Lists(extents: kept.extents, elements: withoutErrors(left))), status: status.bytes)
        }
    }

    /// The elements that a condition lets pass, and where each row's lie among them. An error is its row's.
    private static func passing(
        _ condition: Register, _ extents: [Extent], _ status: inout StatusBuilder, _ nullSite: UInt8
    ) -> (elements: [UInt32], extents: [Extent]) {
        var kept: [UInt32] = []
        let ranges = extents.enumerated().map { row, extent in
            let first = kept.count
            for element in extent.range {
                switch truth(condition, element) {
                case .value(true): kept.append(UInt32(element))
                case .value(false): break
                case .null: status.fail(row, nullSite)
                case .error(let site): status.fail(row, site)
                }
            }
            return Extent(start: UInt32(first), length: UInt32(kept.count - first))
        }
        return (kept, ranges)
    }

    private static func failing(_ body: Register, _ extents: [Extent], _ status: inout StatusBuilder) {
        guard let bytes = body.status else { return }
        for (row, extent) in extents.enumerated() {
            for element in extent.range where bytes[element] > Register.null { status.fail(row, bytes[element]) }
        }
    }
}
