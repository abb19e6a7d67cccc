@testable import PipelineService

extension Syntax {
    /// An expression that reads as this one, with brackets around every part.
    var text: String {
        switch kind {
        case .literal(let literal): "(\(literal.text))"
        case .name(let name): name
        case .select(let value, let field): "(\(value.text)).\(Self.selector(field))"
        case .index(let value, let index): "(\(value.text))[\(index.text)]"
        case .list(let elements): "[\(Self.list(elements))]"
        case .map(let entries): "{\(entries.map { "\($0.key.text): \($0.value.text)" }.joined(separator: ", "))}"
        case .call("_?_:_", _, let arguments):
            "((\(arguments[0].text)) ? (\(arguments[1].text)) : (\(arguments[2].text)))"
        case .call("@in", _, let arguments): "((\(arguments[0].text)) in (\(arguments[1].text)))"
        case .call("!_", _, let arguments): "(!(\(arguments[0].text)))"
        case .call("-_", _, let arguments): "(-(\(arguments[0].text)))"
        case .call(let name, _, let arguments) where Self.operators.contains(name):
            "((\(arguments[0].text)) \(name.dropFirst().dropLast()) (\(arguments[1].text)))"
        case .call(let name, _, let arguments): call(name, arguments)
        }
    }

    private static let operators: Set<String> = [
        "_||_", "_&&_", "_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_", "_+_", "_-_", "_*_", "_/_", "_%_",
    ]

    private func call(_ name: String, _ arguments: [Syntax]) -> String {
        guard case .call(_, let target?, _) = kind else { return "\(name)(\(Self.list(arguments)))" }
        return "(\(target.text)).\(Self.selector(name))(\(Self.list(arguments)))"
    }

    private static func list(_ values: [Syntax]) -> String { values.map(\.text).joined(separator: ", ") }

    private static func selector(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F }
        let isWord = isPlain && (name.utf8.first ?? 0x30) &- 0x30 >= 10
        return isWord && !["true", "false", "null"].contains(name) ? name : "`\(name)`"
    }
}

extension Literal {
    fileprivate var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .uint(let value): "\(value)u"
        case .double(let value):
            // A double with neither a point nor an exponent would be an integer.
            "\(value)"
        case .decimal(let value): "\(value)"
        case .string(let value):
            "\"" + value.unicodeScalars.map { "\\U" + Self.hex($0.value, 8) }.joined() + "\""
        case .bytes(let value): "b'" + value.map { "\\x" + Self.hex(UInt32($0), 2) }.joined() + "'"
        }
    }

    private static func hex(_ value: UInt32, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }
}
