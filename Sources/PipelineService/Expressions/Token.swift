/// A word of an expression.
struct Token {
    enum Kind: Equatable {
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case identifier(String)
        /// A name in backticks, which stands only behind a dot.
        case quotedIdentifier(String)
        /// An operator, a bracket, or one of `true`, `false`, `null` and `in`.
        case symbol(String)
        case end
    }

    let kind: Kind
    /// Where the word begins, in bytes.
    let offset: Int
    let end: Int
}

/// A place in an expression.
struct SourcePosition: Sendable, Hashable {
    /// From 1.
    let line: Int
    /// The character in its line, from 1.
    let column: Int

    init(of offset: Int, in text: [UInt8]) {
        var line = 1
        var column = 1
        for byte in text.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.line = line
        self.column = column
    }
}

/// An error at a place in an expression, before the place is a line and a column.
struct SyntaxFault: Error {
    let reason: PlanError.Reason
    let offset: Int
    let message: String

    init(_ reason: PlanError.Reason = .invalidExpression, at offset: Int, _ message: String) {
        self.reason = reason
        self.offset = offset
        self.message = message
    }
}
