/// CEL's macros: forms that look like calls, and name a variable for the elements of a list.
extension Checker {
    mutating func has(_ arguments: [Syntax], _ syntax: Syntax) throws(SyntaxFault) -> Int {
        guard arguments.count == 1, case .select(let operand, let field) = arguments[0].kind else {
            throw SyntaxFault(at: syntax.offset, "has takes a selection, such as has(row.name)")
        }
        if isRow(operand) {
            let node = try self.field(field, arguments[0])
            return add(.isPresent, [node], .bool, syntax)
        }
        let value = try check(operand)
        guard case .map(.string, _) = type(of: value) else {
            throw SyntaxFault(.typeMismatch, at: syntax.offset, "a \(type(of: value)) has no fields")
        }
        return add(.function(.mapHas), [value, program.addLiteral(.string(field), .string)], .bool, syntax)
    }

    private static let macros: [String: [Int: Program.Comprehension]] = [
        "all": [2: .all], "exists": [2: .exists], "exists_one": [2: .existsOne], "existsOne": [2: .existsOne],
        "filter": [2: .filter], "map": [2: .map, 3: .filterMap],
    ]

    mutating func macro(
        _ name: String, _ target: Syntax, _ arguments: [Syntax], _ syntax: Syntax
    ) throws(SyntaxFault) -> Int? {
        guard let kind = Self.macros[name]?[arguments.count] else { return nil }
        guard case .name(let variable) = arguments[0].kind else {
            throw SyntaxFault(at: arguments[0].offset, "\(name) takes the name of a variable first")
        }
        guard scopes.count < limits.maximumMacroDepth else {
            throw SyntaxFault(
                .limitExceeded, at: syntax.offset, "macros nest deeper than \(limits.maximumMacroDepth) levels")
        }
        var range = try check(target)
        if case .map(let key, _) = type(of: range) { range = keys(of: range, key, syntax) }
        guard case .list(let element) = type(of: range) else {
            throw SyntaxFault(
                .typeMismatch, at: target.offset, "\(name) goes over a list, this is a \(type(of: range))")
        }
        variables += 1
        let number = variables
        program.declare(variable: number, level: scopes.count + 1)
        let node = program.add(
            .variable(number), [], element, position: position(arguments[0]), variables: [number],
            level: scopes.count + 1)
        scopes.append((variable, node))
        defer { scopes.removeLast() }
        var bodies: [Int] = []
        for body in arguments.dropFirst() {
            bodies.append(try check(body))
            try refuseMap(bodies[bodies.count - 1], body)
        }
        if kind != .map, type(of: bodies[0]) != .bool {
            throw SyntaxFault(
                .typeMismatch, at: arguments[1].offset, "a condition is a bool, this is a \(type(of: bodies[0]))")
        }
        let type: ExpressionType =
            switch kind {
            case .all, .exists, .existsOne: .bool
            case .filter: .list(element)
            case .map: .list(self.type(of: bodies[0]))
            case .filterMap: .list(self.type(of: bodies[1]))
            }
        return add(.comprehension(kind, variable: number), [range] + bodies, type, syntax)
    }

    /// A macro over a map goes over its keys.
    private mutating func keys(of map: Int, _ type: ExpressionType, _ syntax: Syntax) -> Int {
        var keys: [Literal] = []
        switch program.nodes[map].operation {
        case .map(let literals): keys = literals
        case .constant(let constant):
            if case .map(let table) = program.constants[constant].values { keys = table.keys }
        default: break
        }
        let nodes = keys.map { key -> Int in
            if type == .uint, case .int(let value) = key { return program.addLiteral(.uint(UInt64(value)), .uint) }
            return program.addLiteral(key, type)
        }
        return add(.list, nodes, .list(type), syntax)
    }
}
