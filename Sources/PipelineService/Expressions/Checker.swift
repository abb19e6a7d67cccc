/// Gives each part of an expression its type and makes a program of it.
struct Checker {
    var program: Program
    private let schema: Schema
    let limits: ExpressionLimits
    let text: [UInt8]
    /// The variables of the macros around, the innermost last.
    var scopes: [(name: String, node: Int)] = []
    var variables = 0
    private(set) var fields: Set<Int> = []

    init(schema: Schema, limits: ExpressionLimits, text: [UInt8]) {
        self.schema = schema
        self.limits = limits
        self.text = text
        program = Program(limits: limits)
    }

    func type(of node: Int) -> ExpressionType { program.nodes[node].type }

    func position(_ syntax: Syntax) -> SourcePosition { SourcePosition(of: syntax.offset, in: text) }

    mutating func check(_ syntax: Syntax) throws(SyntaxFault) -> Int {
        switch syntax.kind {
        case .literal(let literal): return program.addLiteral(literal, Self.type(of: literal))
        case .name(let name): return try self.name(name, syntax)
        case .select(let operand, let field): return try select(operand, field, syntax)
        case .index(let operand, let index): return try self.index(operand, index, syntax)
        case .list(let elements): return try list(elements, syntax)
        case .map(let entries): return try map(entries, syntax)
        case .call(let name, let target, let arguments): return try call(name, target, arguments, syntax)
        }
    }

    private static func type(of literal: Literal) -> ExpressionType {
        switch literal {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .decimal: .decimal
        case .string: .string
        case .bytes: .bytes
        }
    }

    mutating func add(
        _ operation: Program.Operation, _ arguments: [Int], _ type: ExpressionType, _ syntax: Syntax,
        pattern: Pattern? = nil
    ) -> Int {
        program.add(operation, arguments, type, position: position(syntax), pattern: pattern)
    }

    // MARK: - Names

    private mutating func name(_ name: String, _ syntax: Syntax) throws(SyntaxFault) -> Int {
        if let scope = scopes.last(where: { $0.name == name }) { return scope.node }
        return try field(name, syntax)
    }

    mutating func field(_ name: String, _ syntax: Syntax) throws(SyntaxFault) -> Int {
        guard let index = schema.index(of: name) else {
            var message = "there is no field \"\(name)\""
            if name == "row" { message = "row stands only in front of a field: row.name or row[\"name\"]" }
            if let near = Suggestion.nearest(to: name, among: schema.fields.map(\.name)) {
                message += "; did you mean \"\(near)\"?"
            }
            throw SyntaxFault(.unknownField, at: syntax.offset, message)
        }
        fields.insert(index)
        return program.add(
            .field(index), [], ExpressionType(schema.fields[index].type), position: position(syntax), variables: [-1])
    }

    /// If a part is the name of the row itself: `row.name` is the field of this name, also where a macro's variable or
    /// CEL's syntax hides it.
    func isRow(_ syntax: Syntax) -> Bool {
        if case .name("row") = syntax.kind { return !scopes.contains { $0.name == "row" } }
        return false
    }

    private mutating func select(_ operand: Syntax, _ field: String, _ syntax: Syntax) throws(SyntaxFault) -> Int {
        if isRow(operand) { return try self.field(field, syntax) }
        let value = try check(operand)
        guard case .map(.string, let type) = type(of: value) else {
            throw SyntaxFault(
                .typeMismatch, at: syntax.offset, "a \(type(of: value)) has no fields: \"\(field)\" cannot be selected")
        }
        let key = program.addLiteral(.string(field), .string)
        return add(.function(.mapIndex), [value, key], type, syntax)
    }

    private mutating func index(_ operand: Syntax, _ index: Syntax, _ syntax: Syntax) throws(SyntaxFault) -> Int {
        if isRow(operand) {
            guard case .literal(.string(let name)) = index.kind else {
                throw SyntaxFault(.typeMismatch, at: index.offset, "row takes the name of a field, as a text")
            }
            return try field(name, index)
        }
        let value = try check(operand)
        let place = try check(index)
        switch (type(of: value), type(of: place)) {
        case (.list(let element), .int): return add(.function(.listIndex), [value, place], element, syntax)
        case (.map(let key, let element), let type)
        where key.joined(with: type) != nil || (key.isNumber && type.isNumber):
            return add(.function(.mapIndex), [value, place], element, syntax)
        default:
            throw SyntaxFault(
                .typeMismatch, at: syntax.offset, "a \(type(of: value)) has no elements by \(type(of: place))")
        }
    }

    // MARK: - Lists and maps

    private mutating func list(_ elements: [Syntax], _ syntax: Syntax) throws(SyntaxFault) -> Int {
        var type = ExpressionType.nothing
        var nodes: [Int] = []
        for element in elements {
            let node = try check(element)
            try refuseMap(node, element)
            guard let joined = type.joined(with: self.type(of: node)) else {
                throw SyntaxFault(
                    .typeMismatch, at: element.offset,
                    "a \(self.type(of: node)) stands in a list of \(type): elements have one type")
            }
            type = joined
            nodes.append(node)
        }
        return add(.list, nodes, .list(type), syntax)
    }

    private mutating func map(
        _ entries: [(key: Syntax, value: Syntax)], _ syntax: Syntax
    ) throws(SyntaxFault) -> Int {
        var keyType = ExpressionType.nothing
        var valueType = ExpressionType.nothing
        var keys: [Literal] = []
        var nodes: [Int] = []
        for entry in entries {
            guard case .literal(var key) = entry.key.kind else {
                throw SyntaxFault(.typeMismatch, at: entry.key.offset, "the keys of a map are literals here")
            }
            switch key {
            case .null, .double, .bytes:
                throw SyntaxFault(.typeMismatch, at: entry.key.offset, "a key is a text, a whole number or a bool")
            default: break
            }
            guard let joinedKey = keyType.joined(with: Self.type(of: key)) else {
                throw SyntaxFault(.typeMismatch, at: entry.key.offset, "the keys of a map have one type")
            }
            // Whole numbers are one kind of key, whatever their type.
            if case .uint(let value) = key, let whole = Int64(exactly: value) { key = .int(whole) }
            guard !keys.contains(key) else {
                throw SyntaxFault(at: entry.key.offset, "the key stands twice in the map")
            }
            let node = try check(entry.value)
            try refuseMap(node, entry.value)
            guard let joinedValue = valueType.joined(with: type(of: node)) else {
                throw SyntaxFault(.typeMismatch, at: entry.value.offset, "the values of a map have one type")
            }
            (keyType, valueType) = (joinedKey, joinedValue)
            keys.append(key)
            nodes.append(node)
        }
        return add(.map(keys: keys), nodes, .map(keyType, valueType), syntax)
    }

    func refuseMap(_ node: Int, _ syntax: Syntax) throws(SyntaxFault) {
        if case .map = type(of: node) {
            throw SyntaxFault(
                .typeMismatch, at: syntax.offset, "a map stands only where it is indexed, measured or searched")
        }
    }

    // MARK: - Calls

    private mutating func call(
        _ name: String, _ target: Syntax?, _ arguments: [Syntax], _ syntax: Syntax
    ) throws(SyntaxFault) -> Int {
        if target == nil, name == "has" { return try has(arguments, syntax) }
        if let target, let macro = try macro(name, target, arguments, syntax) { return macro }
        if let target, case .name("math") = target.kind, schema.index(of: "math") == nil {
            return try math(name, arguments, syntax)
        }
        var nodes: [Int] = []
        for part in (target.map { [$0] } ?? []) + arguments { nodes.append(try check(part)) }
        if Self.adapting.contains(name), target == nil { nodes = adapted(nodes, arguments) }
        switch name {
        case "_&&_", "_||_":
            for (node, part) in zip(nodes, arguments) where type(of: node) != .bool {
                throw SyntaxFault(.typeMismatch, at: part.offset, "a bool is needed here, this is a \(type(of: node))")
            }
            return add(name == "_&&_" ? .and : .or, nodes, .bool, syntax)
        case "_?_:_": return try conditional(nodes, arguments, syntax)
        case "_==_", "_!=_": return try equality(nodes, negated: name == "_!=_", syntax)
        case "@in": return try membership(adaptedList(nodes, arguments), syntax)
        default: break
        }
        let types = nodes.map { type(of: $0) }
        if target == nil, let result = Overloads.resolve(operator: name, types) {
            return add(.function(result.function), nodes, result.type, syntax)
        }
        guard let result = Overloads.resolve(name, isReceiver: target != nil, types) else {
            throw unresolved(name, target != nil, types, syntax)
        }
        let pattern = result.function == .matches ? try self.pattern(nodes[1], arguments.last ?? syntax) : nil
        return add(.function(result.function), nodes, result.type, syntax, pattern: pattern)
    }

    private func unresolved(
        _ name: String, _ isReceiver: Bool, _ types: [ExpressionType], _ syntax: Syntax
    ) -> SyntaxFault {
        let isOperator =
            name.contains("_") && name.contains { !$0.isLetter && $0 != "_" } || name == "-_" || name == "!_"
        guard isOperator || Overloads.names.contains(name) else {
            let near = Suggestion.nearest(to: name, among: Array(Overloads.names))
            return SyntaxFault(
                .unknownFunction, at: syntax.offset,
                "there is no function \"\(name)\"" + (near.map { "; did you mean \"\($0)\"?" } ?? ""))
        }
        let shown = isOperator ? String(name.filter { $0 != "_" }) : name
        var message = "\(shown) does not take (\(types.map(\.description).joined(separator: ", ")))"
        if isReceiver, let first = types.first {
            let rest = types.dropFirst().map(\.description).joined(separator: ", ")
            message = "a \(first) has no \(shown)(\(rest))"
        }
        if isOperator, types.contains(.decimal) {
            message += "; decimals take + - * / and comparisons with decimals, ints and doubles: convert what is none"
        }
        if isOperator, types.count == 2, types.allSatisfy(\.isNumber), types[0] != types[1] {
            message += "; convert one side with \(types[0])(…) or \(types[1])(…)"
        }
        return SyntaxFault(.typeMismatch, at: syntax.offset, message)
    }

    private func pattern(_ node: Int, _ syntax: Syntax) throws(SyntaxFault) -> Pattern? {
        guard case .constant(let constant) = program.nodes[node].operation, program.constants[constant].status == nil
        else { return nil }
        let texts = program.constants[constant].texts
        do {
            return try Pattern(Array(texts.bytes[texts.extents[0].range]), maximumMemory: limits.maximumPatternMemory)
        } catch {
            throw SyntaxFault(at: syntax.offset, "the text is no pattern in RE2's syntax: \(error.message)")
        }
    }

    private mutating func conditional(
        _ nodes: [Int], _ arguments: [Syntax], _ syntax: Syntax
    ) throws(SyntaxFault) -> Int {
        guard type(of: nodes[0]) == .bool else {
            throw SyntaxFault(
                .typeMismatch, at: arguments[0].offset, "a condition is a bool, this is a \(type(of: nodes[0]))")
        }
        try refuseMap(nodes[1], arguments[1])
        try refuseMap(nodes[2], arguments[2])
        guard let type = type(of: nodes[1]).joined(with: type(of: nodes[2])) else {
            throw SyntaxFault(
                .typeMismatch, at: syntax.offset,
                "the sides have two types, \(type(of: nodes[1])) and \(type(of: nodes[2]))")
        }
        return add(.conditional, nodes, type, syntax)
    }

    private mutating func equality(_ nodes: [Int], negated: Bool, _ syntax: Syntax) throws(SyntaxFault) -> Int {
        let (left, right) = (type(of: nodes[0]), type(of: nodes[1]))
        try refuseMap(nodes[0], syntax)
        try refuseMap(nodes[1], syntax)
        guard left.joined(with: right) != nil || (left.isReal && right.isReal) else {
            throw SyntaxFault(.typeMismatch, at: syntax.offset, "a \(left) never equals a \(right)")
        }
        return add(.equal(negated: negated), nodes, .bool, syntax)
    }

    private mutating func membership(_ nodes: [Int], _ syntax: Syntax) throws(SyntaxFault) -> Int {
        let needle = type(of: nodes[0])
        switch type(of: nodes[1]) {
        case .list(let element) where needle.joined(with: element) != nil || (needle.isReal && element.isReal):
            try refuseMap(nodes[0], syntax)
            return add(.isElement, nodes, .bool, syntax)
        case .map(let key, _) where needle.joined(with: key) != nil || (needle.isNumber && key.isNumber):
            return add(.function(.mapHas), [nodes[1], nodes[0]], .bool, syntax)
        default:
            throw SyntaxFault(.typeMismatch, at: syntax.offset, "a \(needle) is never in a \(type(of: nodes[1]))")
        }
    }

    private mutating func math(_ name: String, _ arguments: [Syntax], _ syntax: Syntax) throws(SyntaxFault) -> Int {
        guard Overloads.mathNames.contains(name) else {
            throw SyntaxFault(.unknownFunction, at: syntax.offset, "there is no function \"math.\(name)\"")
        }
        var nodes: [Int] = []
        for argument in arguments { nodes.append(try check(argument)) }
        if name == "greatest" || name == "least" { nodes = adapted(nodes, arguments) }
        let types = nodes.map { type(of: $0) }
        guard let result = Overloads.resolve(math: name, types) else {
            throw SyntaxFault(
                .typeMismatch, at: syntax.offset,
                "math.\(name) does not take (\(types.map(\.description).joined(separator: ", ")))")
        }
        return add(.function(result.function), nodes, result.type, syntax)
    }
}
