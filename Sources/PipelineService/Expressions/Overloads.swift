/// CEL's functions by name and types: the language definition's standard functions, and the string and math extensions of
/// its Go implementation as far as they fit columns.
enum Overloads {
    typealias Result = (function: Function, type: ExpressionType)

    /// All names that are called.
    static let names: Set<String> = Set([
        "size", "contains", "startsWith", "endsWith", "matches", "charAt", "indexOf", "lastIndexOf", "substring",
        "replace", "split", "join", "int", "uint", "double", "decimal", "string", "bool", "bytes", "timestamp",
        "duration",
        "lowerAscii", "upperAscii", "trim", "reverse",
    ]).union(Function.TimePart.allCases.map(\.rawValue))

    /// The functions that are called as `math.name(…)`.
    static let mathNames: Set<String> = Set(["greatest", "least"])
        .union(Function.MathMap.allCases.map(\.rawValue)).union(Function.MathTest.allCases.map(\.rawValue))

    private static let scalars: Set<ExpressionType> = [
        .bool, .int, .uint, .double, .decimal, .string, .bytes, .timestamp, .duration,
    ]

    private static let operators: [String: Function.Arithmetic] = [
        "_+_": .add, "_-_": .subtract, "_*_": .multiply, "_/_": .divide, "_%_": .remainder,
    ]

    private static let orders: [String: Function.Order] = [
        "_<_": .less, "_<=_": .lessOrEqual, "_>_": .greater, "_>=_": .greaterOrEqual,
    ]

    /// The operator for operands of these types.
    static func resolve(operator name: String, _ types: [ExpressionType]) -> Result? {
        if let operation = operators[name], types.count == 2 { return arithmetic(operation, types[0], types[1]) }
        if let order = orders[name], types.count == 2 {
            let (left, right) = (types[0], types[1])
            guard scalars.contains(left), left == right || (left.isReal && right.isReal) else { return nil }
            return (.order(order), .bool)
        }
        switch (name, types) {
        case ("!_", [.bool]): return (.not, .bool)
        case ("-_", [.int]), ("-_", [.double]), ("-_", [.decimal]), ("-_", [.duration]): return (.negate, types[0])
        default: return nil
        }
    }

    private static func arithmetic(
        _ operation: Function.Arithmetic, _ left: ExpressionType, _ right: ExpressionType
    ) -> Result? {
        let function = Function.arithmetic(operation)
        switch (operation, left, right) {
        case (_, .int, .int), (_, .uint, .uint): return (function, left)
        case (.remainder, _, _): return nil
        case (_, .double, .double): return (function, .double)
        case (.divide, .decimal, .decimal), (.divide, .decimal, .int), (.divide, .int, .decimal),
            (_, .decimal, .double), (_, .double, .decimal):
            return (function, .double)
        case (_, .decimal, .decimal), (_, .decimal, .int), (_, .int, .decimal): return (function, .decimal)
        case (.add, .string, .string), (.add, .bytes, .bytes): return (function, left)
        case (.add, .list, .list): return left.joined(with: right).map { (.concatenateLists, $0) }
        case (.add, .timestamp, .duration), (.add, .duration, .timestamp), (.subtract, .timestamp, .duration):
            return (function, .timestamp)
        case (.add, .duration, .duration), (.subtract, .duration, .duration), (.subtract, .timestamp, .timestamp):
            return (function, .duration)
        default: return nil
        }
    }

    /// The function for arguments of these types; a receiver is the first of them.
    static func resolve(_ name: String, isReceiver: Bool, _ types: [ExpressionType]) -> Result? {
        if isReceiver {
            return receiver(name, types) ?? (name == "size" ? size(types) : nil)
                ?? (name == "matches" ? matches(types) : nil)
        }
        switch (name, types) {
        case ("size", _): return size(types)
        case ("matches", _): return matches(types)
        case ("int", [.int]), ("int", [.uint]), ("int", [.double]), ("int", [.decimal]), ("int", [.string]),
            ("int", [.timestamp]):
            return (.toInt, .int)
        case ("uint", [.int]), ("uint", [.uint]), ("uint", [.double]), ("uint", [.string]): return (.toUint, .uint)
        case ("double", _) where types.count == 1 && (types[0].isReal || types[0] == .string):
            return (.toDouble, .double)
        case ("decimal", _) where types.count == 1 && (types[0].isReal || types[0] == .string):
            return (.toDecimal, .decimal)
        case ("bool", [.bool]), ("bool", [.string]): return (.toBool, .bool)
        case ("bytes", [.string]), ("bytes", [.bytes]): return (.toBytes, .bytes)
        case ("timestamp", [.timestamp]), ("timestamp", [.string]), ("timestamp", [.int]):
            return (.toTimestamp, .timestamp)
        case ("duration", [.duration]), ("duration", [.string]): return (.toDuration, .duration)
        case ("string", _) where types.count == 1 && scalars.contains(types[0]): return (.toString, .string)
        default: return nil
        }
    }

    private static func size(_ types: [ExpressionType]) -> Result? {
        guard types.count == 1 else { return nil }
        return switch types[0] {
        case .string, .bytes, .list, .map: (.size, .int)
        default: nil
        }
    }

    private static func matches(_ types: [ExpressionType]) -> Result? {
        types == [.string, .string] ? (.matches, .bool) : nil
    }

    private static func receiver(_ name: String, _ types: [ExpressionType]) -> Result? {
        if let test = Function.TextTest(rawValue: name), types == [.string, .string] {
            return (.textTest(test), .bool)
        }
        if let map = Function.TextMap(rawValue: name), types == [.string] { return (.textMap(map), .string) }
        if let part = Function.TimePart(rawValue: name) {
            if types == [.timestamp] || types == [.timestamp, .string] { return (.timePart(part), .int) }
            let ofDurations: [Function.TimePart] = [.hours, .minutes, .seconds, .milliseconds]
            return types == [.duration] && ofDurations.contains(part) ? (.timePart(part), .int) : nil
        }
        switch (name, types) {
        case ("charAt", [.string, .int]): return (.charAt, .string)
        case ("indexOf", [.string, .string]), ("indexOf", [.string, .string, .int]): return (.indexOf, .int)
        case ("lastIndexOf", [.string, .string]), ("lastIndexOf", [.string, .string, .int]): return (.lastIndexOf, .int)
        case ("substring", [.string, .int]), ("substring", [.string, .int, .int]): return (.substring, .string)
        case ("replace", [.string, .string, .string]), ("replace", [.string, .string, .string, .int]):
            return (.replace, .string)
        case ("split", [.string, .string]), ("split", [.string, .string, .int]): return (.split, .list(.string))
        case ("join", [.list(.string)]), ("join", [.list(.string), .string]), ("join", [.list(.nothing)]),
            ("join", [.list(.nothing), .string]):
            return (.join, .string)
        default: return nil
        }
    }

    /// The function `math.name`.
    static func resolve(math name: String, _ types: [ExpressionType]) -> Result? {
        guard let first = types.first, first.isReal else { return nil }
        if name == "round", types == [.decimal, .int] { return (.roundTo, .decimal) }
        if name == "greatest" || name == "least" {
            guard types.allSatisfy({ $0 == first }) else { return nil }
            return (name == "greatest" ? .greatest : .least, first)
        }
        guard types.count == 1 else { return nil }
        if let test = Function.MathTest(rawValue: name) { return first == .double ? (.mathTest(test), .bool) : nil }
        guard let map = Function.MathMap(rawValue: name) else { return nil }
        switch map {
        case .abs, .sign: return (.mathMap(map), first)
        case .sqrt: return (.mathMap(map), .double)
        default: return first == .double || first == .decimal ? (.mathMap(map), first) : nil
        }
    }
}
