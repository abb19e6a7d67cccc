/// Reads a statement's tokens as far as the store's rules need: outside of strings, quoted names and comments.
enum SQLScanner {
    /// - Throws: `invalid` if a statement asks for all columns, or meddles with transactions.
    static func check(_ text: String) throws(StoreError) {
        if selectsAllColumns(text) {
            throw StoreError(.invalid, "a statement must name its columns instead of *: \(text)")
        }
        if controlsTransaction(text) {
            throw StoreError(.invalid, "transactions are begun and ended by the store: \(text)")
        }
    }

    /// Whether the statement asks for all columns, as in `SELECT *`, `notes.*` or `RETURNING *`. Such a statement means
    /// something else after each migration; `count(*)` and products are fine.
    static func selectsAllColumns(_ text: String) -> Bool {
        var previous: Token = .other
        var tokens = Tokens(text.utf8)
        while let token = tokens.next() {
            if token == .star, previous == .beforeColumns { return true }
            previous = token
        }
        return false
    }

    /// Whether the statement would begin, end or nest a transaction, which is the store's own business.
    static func controlsTransaction(_ text: String) -> Bool {
        let word = text.utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }.prefix(10)
        let first = String(decoding: word, as: UTF8.self).prefix { $0.isLetter }.uppercased()
        return transactionKeywords.contains(first)
    }

    private static let transactionKeywords: Set<String> = [
        "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE",
    ]

    private enum Token { case star, beforeColumns, other }

    private static let columnKeywords: Set<String> = ["SELECT", "DISTINCT", "ALL", "RETURNING"]

    private struct Tokens {
        private var rest: Substring.UTF8View

        init(_ text: String.UTF8View) { rest = text[...] }

        mutating func next() -> Token? {
            while let byte = rest.first {
                switch byte {
                case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"): rest.removeFirst()
                case UInt8(ascii: "'"), UInt8(ascii: "\""):
                    skipQuoted(byte)
                    return .other
                case UInt8(ascii: "-") where rest.dropFirst().first == byte:
                    rest = rest.drop { $0 != UInt8(ascii: "\n") }
                case UInt8(ascii: "/") where rest.dropFirst().first == UInt8(ascii: "*"): skipBlockComment()
                case UInt8(ascii: "*"):
                    rest.removeFirst()
                    return .star
                case UInt8(ascii: ","), UInt8(ascii: "."):
                    rest.removeFirst()
                    return .beforeColumns
                default:
                    let word = rest.prefix { $0 == UInt8(ascii: "_") || Self.isAlphanumeric($0) }
                    guard !word.isEmpty else {
                        rest.removeFirst()
                        return .other
                    }
                    rest = rest[word.endIndex...]
                    return columnKeywords.contains(Substring(word).uppercased()) ? .beforeColumns : .other
                }
            }
            return nil
        }

        private static func isAlphanumeric(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }

        /// A doubled quote inside reads as two quoted parts in a row: the outcome is the same.
        private mutating func skipQuoted(_ quote: UInt8) {
            rest.removeFirst()
            rest = rest.drop { $0 != quote }.dropFirst()
        }

        private mutating func skipBlockComment() {
            rest = rest.dropFirst(2)
            while !rest.isEmpty, !(rest.first == UInt8(ascii: "*") && rest.dropFirst().first == UInt8(ascii: "/")) {
                rest.removeFirst()
            }
            rest = rest.dropFirst(2)
        }
    }
}
