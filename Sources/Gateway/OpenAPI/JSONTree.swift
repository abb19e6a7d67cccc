/// JSON with its members in the order of their writing, so that a document is the same at each start.
indirect enum JSONTree {
    case text(String)
    case integer(Int64)
    case number(Double)
    case flag(Bool)
    case list([JSONTree])
    case object([(String, JSONTree)])

    static func object(_ members: (String, JSONTree?)...) -> JSONTree {
        .object(members.compactMap { name, value in value.map { (name, $0) } })
    }

    static func texts(_ texts: some Sequence<String>) -> JSONTree { .list(texts.map { .text($0) }) }

    /// The document, in UTF-8.
    var bytes: [UInt8] {
        var out: [UInt8] = []
        write(to: &out)
        return out
    }

    private func write(to out: inout [UInt8]) {
        switch self {
        case .text(let text): Self.write(text, to: &out)
        case .integer(let value): out += "\(value)".utf8
        case .number(let value): out += (value == value.rounded() ? "\(Int64(value))" : "\(value)").utf8
        case .flag(let value): out += (value ? "true" : "false").utf8
        case .list(let elements):
            Self.write(elements, "[", "]", to: &out) { element, out in element.write(to: &out) }
        case .object(let members):
            Self.write(members, "{", "}", to: &out) { member, out in
                Self.write(member.0, to: &out)
                out.append(UInt8(ascii: ":"))
                member.1.write(to: &out)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], _ open: Unicode.Scalar, _ close: Unicode.Scalar, to out: inout [UInt8],
        _ one: (Element, inout [UInt8]) -> Void
    ) {
        out.append(UInt8(ascii: open))
        for (index, element) in elements.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            one(element, &out)
        }
        out.append(UInt8(ascii: close))
    }

    private static func write(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): out += "\\n".utf8
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                out += "\\u\(String(repeating: "0", count: 4 - hex.count))\(hex)".utf8
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
