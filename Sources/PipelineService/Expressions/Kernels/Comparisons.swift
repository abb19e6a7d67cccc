extension Function {
    func ordered(_ order: Order, _ left: Register, _ right: Register, _ count: Int) -> [Bool] {
        let (a, b) = (left.isConstant, right.isConstant)
        switch (left.values, right.values) {
        case (.int(let x), .int(let y)), (.timestamp(let x), .timestamp(let y)), (.duration(let x), .duration(let y)):
            return ordered(order, x, a, y, b, count)
        case (.uint(let x), .uint(let y)): return ordered(order, x, a, y, b, count)
        case (.double(let x), .double(let y)): return ordered(order, x, a, y, b, count)
        case (.bool(let x), .bool(let y)):
            return ordered(
                order, mapping(x, x.count) { $0 ? 1 : 0 as UInt8 }, a, mapping(y, y.count) { $0 ? 1 : 0 as UInt8 }, b,
                count)
        case (.string(let x), .string(let y)), (.bytes(let x), .bytes(let y)):
            let (xBytes, yBytes) = (x.bytes.span, y.bytes.span)
            return zipping(x.extents, a, y.extents, b, count) { first, second in
                holds(order, compareText(xBytes, first, yBytes, second))
            }
        case (.decimal(let x), .decimal(let y)):
            return zipping(x, a, y, b, count) { holds(order, ExactDecimal.order($0, $1)) }
        default:
            // Numbers of two types: as numbers of the real line.
            return (0..<count).map { row in
                guard let result = compareNumbers(left, left.at(row), right, right.at(row)) else { return false }
                return holds(order, result)
            }
        }
    }

    @inline(__always)
    private func ordered<Value: Comparable & BitwiseCopyable>(
        _ order: Order, _ x: [Value], _ a: Bool, _ y: [Value], _ b: Bool, _ count: Int
    ) -> [Bool] {
        switch order {
        case .less: zipping(x, a, y, b, count) { $0 < $1 }
        case .lessOrEqual: zipping(x, a, y, b, count) { $0 <= $1 }
        case .greater: zipping(x, a, y, b, count) { $0 > $1 }
        case .greaterOrEqual: zipping(x, a, y, b, count) { $0 >= $1 }
        }
    }

    @inline(__always)
    private func holds(_ order: Order, _ comparison: Int) -> Bool {
        switch order {
        case .less: comparison < 0
        case .lessOrEqual: comparison <= 0
        case .greater: comparison > 0
        case .greaterOrEqual: comparison >= 0
        }
    }
}

/// Less than, equal to or greater than zero, by bytes: the order of code points.
@inline(__always)
func compareText(_ left: Span<UInt8>, _ a: Extent, _ right: Span<UInt8>, _ b: Extent) -> Int {
    let (first, second) = (Int(a.start), Int(b.start))
    for index in 0..<Int(min(a.length, b.length)) {
        let (x, y) = (left[at: first + index], right[at: second + index])
        if x != y { return x < y ? -1 : 1 }
    }
    return Int(a.length) - Int(b.length)
}

@inline(__always)
func equalText(_ left: Span<UInt8>, _ a: Extent, _ right: Span<UInt8>, _ b: Extent) -> Bool {
    guard a.length == b.length else { return false }
    let (first, second) = (Int(a.start), Int(b.start))
    for index in 0..<Int(a.length) where left[at: first + index] != right[at: second + index] { return false }
    return true
}

/// Two numbers of any types; none where one is not a number.
func compareNumbers(_ left: Register, _ row: Int, _ right: Register, _ other: Int) -> Int? {
    switch (left.values, right.values) {
    case (.int(let x), .int(let y)): order(x[row], y[other])
    case (.uint(let x), .uint(let y)): order(x[row], y[other])
    case (.double(let x), .double(let y)): x[row].isNaN || y[other].isNaN ? nil : order(x[row], y[other])
    case (.int(let x), .uint(let y)): x[row] < 0 ? -1 : order(UInt64(x[row]), y[other])
    case (.uint(let x), .int(let y)): y[other] < 0 ? 1 : order(x[row], UInt64(y[other]))
    case (.int(let x), .double(let y)): compare(x[row], y[other])
    case (.double(let x), .int(let y)): compare(y[other], x[row]).map { -$0 }
    case (.uint(let x), .double(let y)): compare(x[row], y[other])
    case (.decimal(let x), _): compareDecimal(x[row], right, other)
    case (_, .decimal(let y)): compareDecimal(y[other], left, row).map { -$0 }
    case (.double(let x), .uint(let y)): compare(y[other], x[row]).map { -$0 }
    default: preconditionFailure("checked: numbers")
    }
}

private func order<Value: Comparable>(_ x: Value, _ y: Value) -> Int { x < y ? -1 : x == y ? 0 : 1 }

/// Exactly, although a double cannot hold every whole number.
private func compare<Whole: FixedWidthInteger>(_ whole: Whole, _ number: Double) -> Int? {
    if number.isNaN { return nil }
    let floor = number.rounded(.down)
    guard let lower = Whole(exactly: floor) else { return number < 0 ? 1 : -1 }
    if whole != lower { return whole < lower ? -1 : 1 }
    return number > floor ? -1 : 0
}

/// If two values are equal, by CEL: null equals null alone, numbers of any type are compared as numbers, NaN equals
/// nothing, lists are equal element by element. Errors in elements are unequal.
func equalValues(_ left: Register, _ row: Int, _ right: Register, _ other: Int) -> Bool {
    let (a, b) = (left.at(row), right.at(other))
    let (first, second) = (left.status?[a] ?? 0, right.status?[b] ?? 0)
    if first != 0 || second != 0 { return first == second && first == Register.null }
    switch (left.values, right.values) {
    case (.bool(let x), .bool(let y)): return x[a] == y[b]
    case (.string(let x), .string(let y)), (.bytes(let x), .bytes(let y)):
        return equalText(x.bytes.span, x.extents[a], y.bytes.span, y.extents[b])
    case (.timestamp(let x), .timestamp(let y)), (.duration(let x), .duration(let y)): return x[a] == y[b]
    case (.list(let x), .list(let y)):
        let (first, second) = (x.extents[a].range, y.extents[b].range)
        return first.count == second.count
            && zip(first, second).allSatisfy { equalValues(x.elements, $0, y.elements, $1) }
    case (.null, _), (_, .null): return false
    default: return compareNumbers(left, a, right, b) == 0
    }
}

/// Row by row, if two registers are equal: errors stay errors, null is a value.
func equality(_ left: Register, _ right: Register, negated: Bool, count outer: Int) -> Register {
    let isConstant = left.isConstant && right.isConstant
    let count = isConstant ? 1 : outer
    let (a, b) = (left.isConstant, right.isConstant)
    var equal: [Bool]
    switch (left.values, right.values) {
    case (.int(let x), .int(let y)), (.timestamp(let x), .timestamp(let y)), (.duration(let x), .duration(let y)):
        equal = zipping(x, a, y, b, count) { $0 == $1 }
    case (.uint(let x), .uint(let y)): equal = zipping(x, a, y, b, count) { $0 == $1 }
    case (.double(let x), .double(let y)): equal = zipping(x, a, y, b, count) { $0 == $1 }
    case (.bool(let x), .bool(let y)): equal = zipping(x, a, y, b, count) { $0 == $1 }
    case (.string(let x), .string(let y)), (.bytes(let x), .bytes(let y)):
        let (xBytes, yBytes) = (x.bytes.span, y.bytes.span)
        equal = zipping(x.extents, a, y.extents, b, count) { equalText(xBytes, $0, yBytes, $1) }
    case (.decimal(let x), .decimal(let y)):
        equal = zipping(x, a, y, b, count) { ExactDecimal.order($0, $1) == 0 }
    default: equal = (0..<count).map { equalValues(left, $0, right, $0) }
    }
    var status: [UInt8]?
    if left.status != nil || right.status != nil {
        var bytes = [UInt8](repeating: 0, count: count)
        for row in 0..<count {
            let (first, second) = (left.status?[left.at(row)] ?? 0, right.status?[right.at(row)] ?? 0)
            if first > Register.null {
                bytes[row] = first
            } else if second > Register.null {
                bytes[row] = second
            } else if first != 0 || second != 0 {
                equal[row] = first == second
            }
        }
        if bytes.contains(where: { $0 != 0 }) { status = bytes }
    }
    if negated { equal = mapping(equal, count) { !$0 } }
    return Register(.bool(equal), status: status, isConstant: isConstant)
}
