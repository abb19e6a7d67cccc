/// A number that is written beside a decimal is a decimal, too: `price == 0.1` and `price * 1.19` mean the digits that stand
/// there, not the double next to them.
extension Checker {
    /// The operators whose operands are looked at.
    static let adapting: Set<String> = [
        "_+_", "_-_", "_*_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_?_:_",
    ]

    /// The nodes with decimals for literals, where one of the nodes is a decimal.
    mutating func adapted(_ nodes: [Int], _ parts: [Syntax]) -> [Int] {
        guard nodes.contains(where: { type(of: $0) == .decimal }) else { return nodes }
        var adapted = nodes
        for (index, part) in parts.enumerated() {
            if let value = decimal(part) { adapted[index] = program.addLiteral(.decimal(value), .decimal) }
        }
        return adapted
    }

    /// The value and the list of `in`, with decimals for the list's literals where the value is a decimal.
    mutating func adaptedList(_ nodes: [Int], _ parts: [Syntax]) -> [Int] {
        guard type(of: nodes[0]) == .decimal, parts.count == 2, case .list(let elements) = parts[1].kind else {
            return nodes
        }
        let values = elements.compactMap { decimal($0) }
        guard !values.isEmpty, values.count == elements.count else { return nodes }
        let literals = values.map { program.addLiteral(.decimal($0), .decimal) }
        return [nodes[0], add(.list, literals, .list(.decimal), parts[1])]
    }

    /// The decimal that a literal is by its digits; none where it is another literal or has too many of them.
    private func decimal(_ syntax: Syntax) -> ExactDecimal? {
        switch syntax.kind {
        case .literal(.int(let value)): ExactDecimal(value)
        case .literal(.double): ExactDecimal(numeral(at: syntax.offset))
        default: nil
        }
    }

    /// The digits of a literal as they are written. A minus may stand before them, with space between.
    private func numeral(at offset: Int) -> String {
        var lexer = Lexer(Array(text[offset...]))
        var token = try? lexer.next()
        let isNegative = token?.kind == .symbol("-")
        if isNegative { token = try? lexer.next() }
        guard let token else { return "" }
        let digits = text[offset + token.offset..<offset + token.end]
        return (isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self)
    }
}
