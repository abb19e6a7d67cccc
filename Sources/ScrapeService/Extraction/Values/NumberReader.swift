/// Reads numbers as people write them: `1,234.50`, `1.234,50`, `1 234,5`, `1'234`, `12,34,567`.
struct NumberReader {
    /// More digits are no number that anyone counts by.
    private static let maximumDigits = 200

    static func integer(_ text: String, _ mark: DecimalMark) -> Result<Int64, ValueIssue> {
        // What may not have a fraction has no decimal mark either: a single mark separates thousands.
        parse(text, mark, fractions: .none).flatMap { canonical in
            if canonical.contains(".") { return .failure(ValueIssue(.notANumber)) }
            guard let value = Int64(canonical) else { return .failure(ValueIssue(.outOfRange)) }
            return .success(value)
        }
    }

    static func decimal(_ text: String, _ mark: DecimalMark) -> Result<String, ValueIssue> {
        parse(text, mark, fractions: .any)
    }

    /// How many digits may stand behind the decimal mark.
    enum Fractions {
        case none
        case any
        /// Of money: so many at most, so that three digits behind a mark are thousands.
        case atMost(Int)
    }

    /// The canonical form: digits, at most one point, a `-` before negative ones.
    static func parse(_ text: String, _ mark: DecimalMark, fractions: Fractions) -> Result<String, ValueIssue> {
        guard let tokens = tokens(text) else { return .failure(ValueIssue(.notANumber)) }
        return decimalIndex(tokens, mark, fractions).flatMap { decimal in
            let whole = decimal.map { tokens.parts[..<($0 + 1)] } ?? tokens.parts[...]
            guard isGrouped(whole, tokens.separators.prefix(whole.count - 1)) else {
                return .failure(ValueIssue(.notANumber))
            }
            var digits = String(whole.joined().drop { $0 == "0" })
            if digits.isEmpty { digits = "0" }
            if let decimal, !tokens.parts[decimal + 1].isEmpty { digits += "." + tokens.parts[decimal + 1] }
            let isZero = digits.allSatisfy { $0 == "0" || $0 == "." }
            return .success(tokens.isNegative && !isZero ? "-" + digits : digits)
        }
    }

    private struct Tokens {
        var isNegative = false
        /// Digits, one part more than separators.
        var parts: [String] = [""]
        var separators: [Character] = []
    }

    private static func tokens(_ text: String) -> Tokens? {
        var tokens = Tokens()
        var hasSign = false
        var digits = 0
        for scalar in text.unicodeScalars {
            if let digit = digit(scalar) {
                tokens.parts[tokens.parts.count - 1].append(digit)
                digits += 1
                continue
            }
            switch scalar {
            case "-", "+", "\u{2212}":
                guard !hasSign, digits == 0, tokens.separators.isEmpty else { return nil }
                hasSign = true
                tokens.isNegative = scalar != "+"
            case ".", ",":
                tokens.separators.append(Character(scalar))
                tokens.parts.append("")
            case "'", "\u{2019}":
                tokens.separators.append("'")
                tokens.parts.append("")
            case " ", "\u{A0}", "\u{2009}", "\u{202F}":
                if digits == 0 { continue }
                tokens.separators.append(" ")
                tokens.parts.append("")
            default: return nil
            }
        }
        guard digits > 0, digits <= maximumDigits else { return nil }
        return tokens
    }

    private static func digit(_ scalar: Unicode.Scalar) -> Character? {
        if scalar.isASCII { return scalar.value &- 0x30 < 10 ? Character(scalar) : nil }
        guard scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue else { return nil }
        return Character(Unicode.Scalar(UInt8(0x30 + Int(value))))
    }

    /// Which separator is the decimal mark.
    private static func decimalIndex(
        _ tokens: Tokens, _ mark: DecimalMark, _ fractions: Fractions
    ) -> Result<Int?, ValueIssue> {
        guard let last = tokens.separators.last else { return .success(nil) }
        let index = tokens.separators.count - 1
        let marks = tokens.separators.filter { $0 == "." || $0 == "," }
        switch mark {
        case .point: return .success(last == "." ? index : nil)
        case .comma: return .success(last == "," ? index : nil)
        case .automatic: break
        }
        guard last == "." || last == "," else { return .success(nil) }
        // Two kinds: the last one is the decimal mark. The same twice: thousands.
        if marks.contains(where: { $0 != last }) {
            return .success(marks.filter { $0 == last }.count == 1 ? index : nil)
        }
        if marks.count > 1 { return .success(nil) }
        let before = tokens.parts[..<(index + 1)].joined()
        let after = tokens.parts[index + 1]
        let canBeGroup = after.count == 3 && tokens.parts[index].count <= 3 && !before.isEmpty && before.first != "0"
        guard canBeGroup else { return .success(index) }
        // Other separators already part the thousands.
        if tokens.separators.count > 1 {
            return .success(tokens.separators.contains(where: { $0 != last }) ? index : nil)
        }
        switch fractions {
        case .none: return .success(nil)
        case .atMost(let most) where most < 3: return .success(nil)
        default: return .failure(ValueIssue(.ambiguousNumber))
        }
    }

    /// If separators of one kind part digits by threes, or as in India by twos with three at the end.
    private static func isGrouped(_ parts: ArraySlice<String>, _ separators: ArraySlice<Character>) -> Bool {
        guard let kind = separators.first else { return true }
        guard separators.allSatisfy({ $0 == kind }), let first = parts.first, let last = parts.last else {
            return false
        }
        let middle = parts.dropFirst().dropLast()
        guard last.count == 3, (1...3).contains(first.count) else { return false }
        return middle.allSatisfy { $0.count == 3 } || (first.count <= 2 && middle.allSatisfy { $0.count == 2 })
    }
}
