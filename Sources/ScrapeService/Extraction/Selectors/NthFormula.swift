/// `an+b`: CSS Syntax Level 3, section 6.
enum NthFormula {
    static func parse(_ scanner: inout SelectorScanner) throws(SelectorError) -> (step: Int32, offset: Int32) {
        let start = scanner.position
        if takeWord("odd", &scanner) { return (2, 1) }
        if takeWord("even", &scanner) { return (2, 0) }
        let sign = takeSign(&scanner)
        let digits = try number(&scanner)
        guard takeLetterN(&scanner) else {
            guard let digits else {
                throw SelectorError(message: "a formula is an+b, a number, odd or even", position: start)
            }
            return (0, sign == UInt8(ascii: "-") ? -digits : digits)
        }
        let step = (digits ?? 1) * (sign == UInt8(ascii: "-") ? -1 : 1)
        let afterStep = scanner
        try scanner.skipSpace()
        guard let sign = takeSign(&scanner) else {
            scanner = afterStep
            return (step, 0)
        }
        try scanner.skipSpace()
        guard let offset = try number(&scanner) else {
            throw SelectorError(message: "a number is missing", position: scanner.position)
        }
        return (step, sign == UInt8(ascii: "-") ? -offset : offset)
    }

    private static func takeSign(_ scanner: inout SelectorScanner) -> UInt8? {
        guard let sign = scanner.peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        scanner.advance()
        return sign
    }

    private static func takeLetterN(_ scanner: inout SelectorScanner) -> Bool {
        guard scanner.peek().map({ $0 | 0x20 }) == UInt8(ascii: "n") else { return false }
        scanner.advance()
        return true
    }

    private static func takeWord(_ word: String, _ scanner: inout SelectorScanner) -> Bool {
        let letters = Array(word.utf8)
        for index in letters.indices where scanner.peek(index)?.asciiLowercased != letters[index] { return false }
        if let next = scanner.peek(letters.count), next.isASCIILetter || next.isASCIIDigit { return false }
        scanner.advance(letters.count)
        return true
    }

    private static func number(_ scanner: inout SelectorScanner) throws(SelectorError) -> Int32? {
        let start = scanner.position
        var value: Int32?
        while let byte = scanner.peek(), byte.isASCIIDigit {
            let next = Int64(value ?? 0) * 10 + Int64(byte - 0x30)
            guard next <= 1_000_000_000 else {
                throw SelectorError(message: "the number is too large", position: start)
            }
            value = Int32(next)
            scanner.advance()
        }
        return value
    }
}
