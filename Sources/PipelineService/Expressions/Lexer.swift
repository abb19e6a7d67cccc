/// Takes an expression apart into words, by the lexis of the CEL language definition.
struct Lexer {
    let text: [UInt8]
    private var at = 0

    init(_ text: [UInt8]) { self.text = text }

    /// Names that CEL keeps for languages around it.
    static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]

    private static let symbols = [
        "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[",
        "]", "{", "}",
    ]

    mutating func next() throws(SyntaxFault) -> Token {
        skipBlanks()
        let start = at
        guard at < text.count else { return Token(kind: .end, offset: at, end: at) }
        let byte = text[at]
        if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && peek(1).map(Self.isDigit) == true) {
            let kind = try number()
            return token(kind, start)
        }
        if let quoted = try textLiteral() { return token(quoted, start) }
        if Self.isLetter(byte) || byte == UInt8(ascii: "`") {
            let kind = try Self.isLetter(byte) ? word() : quotedName()
            return token(kind, start)
        }
        for symbol in Self.symbols where text[at...].starts(with: symbol.utf8) {
            at += symbol.utf8.count
            return token(.symbol(symbol), start)
        }
        let character = String(decoding: text[at...].prefix(4), as: UTF8.self).prefix(1)
        throw SyntaxFault(at: at, "\"\(character)\" has no meaning here")
    }

    /// What was just read: to be called after it was, as `self` is read before its arguments are.
    private func token(_ kind: Token.Kind, _ start: Int) -> Token { Token(kind: kind, offset: start, end: at) }

    private func peek(_ distance: Int) -> UInt8? { at + distance < text.count ? text[at + distance] : nil }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
    }

    private mutating func skipBlanks() {
        while at < text.count {
            switch text[at] {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D: at += 1
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
                while at < text.count, text[at] != 0x0A { at += 1 }
            default: return
            }
        }
    }

    private mutating func word() throws(SyntaxFault) -> Token.Kind {
        let start = at
        while at < text.count, Self.isLetter(text[at]) || Self.isDigit(text[at]) { at += 1 }
        let word = String(decoding: text[start..<at], as: UTF8.self)
        return ["true", "false", "null", "in"].contains(word) ? .symbol(word) : .identifier(word)
    }

    private mutating func quotedName() throws(SyntaxFault) -> Token.Kind {
        let start = at
        at += 1
        while at < text.count, text[at] != UInt8(ascii: "`"), text[at] >= 0x20 { at += 1 }
        guard at < text.count, text[at] == UInt8(ascii: "`"), at > start + 1 else {
            throw SyntaxFault(at: start, "a name in backticks is not closed")
        }
        at += 1
        return .quotedIdentifier(String(decoding: text[start + 1..<at - 1], as: UTF8.self))
    }

    // MARK: - Numbers

    private mutating func number() throws(SyntaxFault) -> Token.Kind {
        let start = at
        if text[at] == UInt8(ascii: "0"), peek(1).map({ $0 | 0x20 }) == UInt8(ascii: "x") {
            at += 2
            let digits = take { Self.hexValue($0) != nil }
            guard let value = UInt64(digits, radix: 16) else {
                throw SyntaxFault(at: start, "the number is no 64-bit one")
            }
            return try integer(value, start)
        }
        let whole = take(Self.isDigit)
        var isDouble = false
        if text.indices.contains(at), text[at] == UInt8(ascii: "."), peek(1).map(Self.isDigit) == true {
            isDouble = true
            at += 1
            _ = take(Self.isDigit)
        }
        if let byte = peek(0), byte | 0x20 == UInt8(ascii: "e") {
            let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-") ? 1 : 0
            if peek(1 + sign).map(Self.isDigit) == true {
                isDouble = true
                at += 1 + sign
                _ = take(Self.isDigit)
            }
        }
        if isDouble {
            guard let value = CellText.double(text.span, start, at - start), value.isFinite else {
                throw SyntaxFault(at: start, "the number is no finite double")
            }
            try checkEnd(start)
            return .double(value)
        }
        guard let value = UInt64(whole) else { throw SyntaxFault(at: start, "the number is no 64-bit one") }
        return try integer(value, start)
    }

    private mutating func integer(_ value: UInt64, _ start: Int) throws(SyntaxFault) -> Token.Kind {
        let isUnsigned = peek(0).map { $0 | 0x20 } == UInt8(ascii: "u")
        if isUnsigned { at += 1 }
        try checkEnd(start)
        return isUnsigned ? .uint(value) : .int(value)
    }

    private func checkEnd(_ start: Int) throws(SyntaxFault) {
        if let byte = peek(0), Self.isLetter(byte) || Self.isDigit(byte) {
            throw SyntaxFault(at: start, "a number runs into a name")
        }
    }

    private mutating func take(_ isPart: (UInt8) -> Bool) -> String {
        let start = at
        while at < text.count, isPart(text[at]) { at += 1 }
        return String(decoding: text[start..<at], as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    // MARK: - Texts

    /// A text with its prefixes (b, r, br) and quotes (', ", ''', """), if one begins here.
    private mutating func textLiteral() throws(SyntaxFault) -> Token.Kind? {
        let start = at
        var prefix = 0
        var isBytes = false
        var isRaw = false
        if peek(prefix).map({ $0 | 0x20 }) == UInt8(ascii: "b") { isBytes = true; prefix += 1 }
        if peek(prefix).map({ $0 | 0x20 }) == UInt8(ascii: "r") { isRaw = true; prefix += 1 }
        if !isBytes, isRaw, peek(prefix).map({ $0 | 0x20 }) == UInt8(ascii: "b") { isBytes = true; prefix += 1 }
        guard let quote = peek(prefix), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        at += prefix
        let isLong = peek(1) == quote && peek(2) == quote
        at += isLong ? 3 : 1
        var content: [UInt8] = []
        while true {
            guard at < text.count else { throw SyntaxFault(at: start, "a text is not closed") }
            let byte = text[at]
            if byte == quote, !isLong || (peek(1) == quote && peek(2) == quote) {
                at += isLong ? 3 : 1
                break
            }
            if !isLong, byte == 0x0A || byte == 0x0D {
                throw SyntaxFault(at: start, "a text is not closed on its line")
            }
            if byte == UInt8(ascii: "\\"), !isRaw {
                try escape(into: &content, isBytes: isBytes)
            } else {
                content.append(byte)
                at += 1
            }
        }
        return isBytes ? .bytes(content) : .string(String(decoding: content, as: UTF8.self))
    }

    private mutating func escape(into content: inout [UInt8], isBytes: Bool) throws(SyntaxFault) {
        let start = at
        guard let code = peek(1) else { throw SyntaxFault(at: start, "a text is not closed") }
        at += 2
        let simple: [UInt8: UInt8] = [
            UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
            UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 0x5C,
            UInt8(ascii: "?"): 0x3F, UInt8(ascii: "\""): 0x22, UInt8(ascii: "'"): 0x27, UInt8(ascii: "`"): 0x60,
        ]
        if let byte = simple[code] { return content.append(byte) }
        var value: UInt32 = 0
        switch code {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): value = try digits(2, 16, start)
        case UInt8(ascii: "u") where !isBytes: value = try digits(4, 16, start)
        case UInt8(ascii: "U") where !isBytes: value = try digits(8, 16, start)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            at -= 1
            value = try digits(3, 8, start)
        default: throw SyntaxFault(at: start, "the escape has no meaning")
        }
        if isBytes { return content.append(UInt8(truncatingIfNeeded: value)) }
        guard let scalar = Unicode.Scalar(value) else {
            throw SyntaxFault(at: start, "the escape is no Unicode scalar")
        }
        content.append(contentsOf: String(scalar).utf8)
    }

    private mutating func digits(_ count: Int, _ base: UInt32, _ start: Int) throws(SyntaxFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let byte = peek(0), let digit = Self.hexValue(byte), digit < base else {
                throw SyntaxFault(at: start, "the escape lacks digits")
            }
            value = value &* base &+ digit
            at += 1
        }
        return value
    }
}
