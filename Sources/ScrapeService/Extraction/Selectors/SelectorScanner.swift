/// Reads the tokens of selectors: CSS Syntax Level 3, section 4, as far as selectors need it.
struct SelectorScanner {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position >= bytes.count }

    func peek(_ offset: Int = 0) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    mutating func advance(_ number: Int = 1) { position += number }

    /// Takes a character if it comes next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Takes white space and comments, and says if there was any.
    @discardableResult
    mutating func skipSpace() throws(SelectorError) -> Bool {
        let start = position
        while let byte = peek() {
            if byte.isHTMLSpace {
                position += 1
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                let opening = position
                position += 2
                while !(peek() == UInt8(ascii: "*") && peek(1) == UInt8(ascii: "/")) {
                    guard !isAtEnd else { throw SelectorError(message: "the comment does not end", position: opening) }
                    position += 1
                }
                position += 2
            } else {
                break
            }
        }
        return position > start
    }

    /// If an identifier begins here.
    var isAtIdentifier: Bool {
        guard let first = peek() else { return false }
        if first == UInt8(ascii: "-") {
            guard let second = peek(1) else { return false }
            return second == UInt8(ascii: "-") || Self.startsName(second) || isEscape(1)
        }
        return Self.startsName(first) || isEscape(0)
    }

    private func isEscape(_ offset: Int) -> Bool {
        guard peek(offset) == UInt8(ascii: "\\"), let next = peek(offset + 1) else { return false }
        return next != 0x0A && next != 0x0D && next != 0x0C
    }

    private static func startsName(_ byte: UInt8) -> Bool {
        byte.isASCIILetter || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private static func continuesName(_ byte: UInt8) -> Bool {
        startsName(byte) || byte.isASCIIDigit || byte == UInt8(ascii: "-")
    }

    /// An identifier, its escapes resolved.
    mutating func identifier(_ what: String) throws(SelectorError) -> String {
        guard isAtIdentifier else { throw SelectorError(message: "\(what) is missing", position: position) }
        return name()
    }

    /// What comes behind `#`: any characters of names.
    mutating func hashName() throws(SelectorError) -> String {
        guard isAtIdentifier else {
            throw SelectorError(message: "no identifier comes after #", position: position)
        }
        return name()
    }

    private mutating func name() -> String {
        var name: [UInt8] = []
        while let byte = peek() {
            if Self.continuesName(byte) {
                name.append(byte)
                position += 1
            } else if isEscape(0) {
                position += 1
                appendEscape(to: &name)
            } else {
                break
            }
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// Reads what comes after a backslash.
    private mutating func appendEscape(to output: inout [UInt8]) {
        guard let first = peek() else { return output += Array("\u{FFFD}".utf8) }
        guard first.hexadecimalValue != nil else {
            // A whole character, which may have many bytes.
            repeat {
                output.append(bytes[position])
                position += 1
            } while peek().map { $0 & 0xC0 == 0x80 } ?? false
            return
        }
        var value: UInt32 = 0
        var digits = 0
        while digits < 6, let digit = peek()?.hexadecimalValue {
            value = value * 16 + digit
            digits += 1
            position += 1
        }
        if peek() == 0x0D, peek(1) == 0x0A {
            position += 2
        } else if peek()?.isHTMLSpace ?? false {
            position += 1
        }
        let scalar = value == 0 ? nil : Unicode.Scalar(value)
        output += Array(String(Character(scalar ?? "\u{FFFD}")).utf8)
    }

    /// A string in quotes, or `nil` if none begins here.
    mutating func string() throws(SelectorError) -> String? {
        guard let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        let start = position
        position += 1
        var value: [UInt8] = []
        while let byte = peek() {
            position += 1
            if byte == quote { return String(decoding: value, as: UTF8.self) }
            if byte == 0x0A || byte == 0x0C || byte == 0x0D { break }
            if byte == UInt8(ascii: "\\") {
                if peek() == 0x0D, peek(1) == 0x0A {
                    position += 2
                } else if let next = peek(), next == 0x0A || next == 0x0D || next == 0x0C {
                    position += 1
                } else {
                    appendEscape(to: &value)
                }
            } else {
                value.append(byte)
            }
        }
        throw SelectorError(message: "the string does not end", position: start)
    }

    /// The next characters as text, for messages.
    var next: String {
        guard position < bytes.count else { return "the end" }
        return "'" + String(String(decoding: bytes[position..<min(position + 8, bytes.count)], as: UTF8.self).prefix(1))
            + "'"
    }
}
