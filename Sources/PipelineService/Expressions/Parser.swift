/// Reads an expression by CEL's grammar, by recursive descent with a bound on depth and size.
struct Parser {
    private var lexer: Lexer
    private var token: Token
    private let limits: ExpressionLimits
    private var depth = 0
    private var nodes = 0

    init(_ text: [UInt8], limits: ExpressionLimits) throws(SyntaxFault) {
        guard text.count <= limits.maximumBytes else {
            throw SyntaxFault(
                .limitExceeded, at: 0, "the expression is longer than \(limits.maximumBytes) bytes")
        }
        self.limits = limits
        lexer = Lexer(text)
        token = try lexer.next()
    }

    mutating func parse() throws(SyntaxFault) -> Syntax {
        if case .end = token.kind { throw SyntaxFault(at: token.offset, "the expression is empty") }
        let expression = try conditional()
        guard case .end = token.kind else { throw unexpected("an operator or the end") }
        return expression
    }

    // MARK: - Operators

    private static let levels: [Set<String>] = [
        ["||"], ["&&"], ["<", "<=", ">", ">=", "==", "!=", "in"], ["+", "-"], ["*", "/", "%"],
    ]

    private mutating func conditional() throws(SyntaxFault) -> Syntax {
        try enter()
        defer { depth -= 1 }
        let condition = try binary(0)
        let offset = token.offset
        guard try take("?") else { return condition }
        let positive = try binary(0)
        try expect(":")
        let negative = try conditional()
        return try call("_?_:_", nil, [condition, positive, negative], offset)
    }

    private mutating func binary(_ level: Int) throws(SyntaxFault) -> Syntax {
        guard level < Self.levels.count else { return try unary() }
        var left = try binary(level + 1)
        while case .symbol(let symbol) = token.kind, Self.levels[level].contains(symbol) {
            let offset = token.offset
            try advance()
            let right = try binary(level + 1)
            left = try call(symbol == "in" ? "@in" : "_\(symbol)_", nil, [left, right], offset)
        }
        return left
    }

    private mutating func unary() throws(SyntaxFault) -> Syntax {
        try enter()
        defer { depth -= 1 }
        let offset = token.offset
        if try take("!") { return try call("!_", nil, [unary()], offset) }
        if try take("-") {
            // A minus before digits belongs to them: the least integer has no positive counterpart.
            if case .int(let magnitude) = token.kind {
                guard magnitude <= 1 << 63 else { throw SyntaxFault(at: offset, "the number is no 64-bit integer") }
                try advance()
                return try member(literal(.int(Int64(truncatingIfNeeded: 0 &- magnitude)), offset))
            }
            if case .double(let magnitude) = token.kind {
                try advance()
                return try member(literal(.double(-magnitude), offset))
            }
            return try call("-_", nil, [unary()], offset)
        }
        return try member(primary())
    }

    // MARK: - Members

    private mutating func member(_ first: Syntax) throws(SyntaxFault) -> Syntax {
        var value = first
        while true {
            let offset = token.offset
            if try take(".") {
                let name = try selector()
                if try take("(") {
                    value = try call(name, value, list(until: ")"), offset)
                } else {
                    value = try node(.select(value, field: name), offset, value.depth)
                }
            } else if try take("[") {
                let index = try conditional()
                try expect("]")
                value = try node(.index(value, index), offset, max(value.depth, index.depth))
            } else if case .symbol("{") = token.kind {
                throw SyntaxFault(at: offset, "messages cannot be made in an expression")
            } else {
                return value
            }
        }
    }

    private mutating func selector() throws(SyntaxFault) -> String {
        switch token.kind {
        case .identifier(let name), .quotedIdentifier(let name):
            try advance()
            return name
        case .symbol("in"):
            try advance()
            return "in"
        default: throw unexpected("a name")
        }
    }

    private mutating func primary() throws(SyntaxFault) -> Syntax {
        let offset = token.offset
        switch token.kind {
        case .int(let value):
            guard let value = Int64(exactly: value) else {
                throw SyntaxFault(at: offset, "the number is no 64-bit integer")
            }
            try advance()
            return try literal(.int(value), offset)
        case .uint(let value): try advance(); return try literal(.uint(value), offset)
        case .double(let value): try advance(); return try literal(.double(value), offset)
        case .string(let value): try advance(); return try literal(.string(value), offset)
        case .bytes(let value): try advance(); return try literal(.bytes(value), offset)
        case .identifier(let name):
            guard !Lexer.reserved.contains(name) else {
                throw SyntaxFault(at: offset, "\"\(name)\" is a reserved word; write row.\(name) for a column")
            }
            try advance()
            if try take("(") { return try call(name, nil, list(until: ")"), offset) }
            return try node(.name(name), offset, 0)
        case .symbol("true"): try advance(); return try literal(.bool(true), offset)
        case .symbol("false"): try advance(); return try literal(.bool(false), offset)
        case .symbol("null"): try advance(); return try literal(.null, offset)
        case .symbol("."):
            try advance()
            guard case .identifier = token.kind else { throw unexpected("a name") }
            return try primary()
        case .symbol("("):
            try advance()
            let inner = try conditional()
            try expect(")")
            return inner
        case .symbol("["):
            try advance()
            let elements = try list(until: "]", trailingComma: true)
            return try node(.list(elements), offset, elements.map(\.depth).max() ?? 0)
        case .symbol("{"):
            try advance()
            return try map(offset)
        default: throw unexpected("a value")
        }
    }

    private mutating func map(_ offset: Int) throws(SyntaxFault) -> Syntax {
        var entries: [(key: Syntax, value: Syntax)] = []
        var deepest = 0
        while !(try take("}")) {
            let key = try conditional()
            try expect(":")
            let value = try conditional()
            entries.append((key, value))
            deepest = max(deepest, key.depth, value.depth)
            try checkCount(entries.count, offset)
            if !(try take(",")) {
                try expect("}")
                break
            }
        }
        return try node(.map(entries), offset, deepest)
    }

    private mutating func list(until close: String, trailingComma: Bool = false) throws(SyntaxFault) -> [Syntax] {
        let offset = token.offset
        var elements: [Syntax] = []
        if try take(close) { return elements }
        while true {
            elements.append(try conditional())
            try checkCount(elements.count, offset)
            if try take(close) { return elements }
            try expect(",")
            if trailingComma, try take(close) { return elements }
        }
    }

    private func checkCount(_ count: Int, _ offset: Int) throws(SyntaxFault) {
        guard count <= limits.maximumListElements else {
            throw SyntaxFault(
                .limitExceeded, at: offset, "there are more than \(limits.maximumListElements) elements")
        }
    }

    // MARK: - Nodes and words

    private mutating func literal(_ value: Literal, _ offset: Int) throws(SyntaxFault) -> Syntax {
        try node(.literal(value), offset, 0)
    }

    private mutating func call(
        _ name: String, _ target: Syntax?, _ arguments: [Syntax], _ offset: Int
    ) throws(SyntaxFault) -> Syntax {
        let deepest = max(target?.depth ?? 0, arguments.map(\.depth).max() ?? 0)
        return try node(.call(name, target: target, arguments: arguments), offset, deepest)
    }

    private mutating func node(_ kind: Syntax.Kind, _ offset: Int, _ below: Int) throws(SyntaxFault) -> Syntax {
        nodes += 1
        guard nodes <= limits.maximumNodes else {
            throw SyntaxFault(.limitExceeded, at: offset, "the expression has more than \(limits.maximumNodes) parts")
        }
        guard below < limits.maximumDepth else { throw tooDeep(offset) }
        return Syntax(kind: kind, offset: offset, depth: below + 1)
    }

    private mutating func enter() throws(SyntaxFault) {
        depth += 1
        // A level of brackets enters twice.
        guard depth <= 2 * limits.maximumDepth else { throw tooDeep(token.offset) }
    }

    private func tooDeep(_ offset: Int) -> SyntaxFault {
        SyntaxFault(.limitExceeded, at: offset, "the expression nests deeper than \(limits.maximumDepth) levels")
    }

    private mutating func advance() throws(SyntaxFault) { token = try lexer.next() }

    private mutating func take(_ symbol: String) throws(SyntaxFault) -> Bool {
        guard token.kind == .symbol(symbol) else { return false }
        try advance()
        return true
    }

    private mutating func expect(_ symbol: String) throws(SyntaxFault) {
        guard try take(symbol) else { throw unexpected("\"\(symbol)\"") }
    }

    private func unexpected(_ wanted: String) -> SyntaxFault {
        guard token.kind != .end else {
            return SyntaxFault(at: token.offset, "the expression ends where \(wanted) is due")
        }
        let found = String(decoding: lexer.text[token.offset..<token.end].prefix(40), as: UTF8.self)
        return SyntaxFault(at: token.offset, "\"\(found)\" stands where \(wanted) is due")
    }
}
