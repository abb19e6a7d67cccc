/// Reads amounts with their currency: `$ 12.50`, `12,50 €`, `EUR 1.234,-`.
struct MoneyReader {
    static func read(
        _ text: String, _ options: FieldOptions
    ) -> Result<(amount: String, currency: String), ValueIssue> {
        var rest = Substring(text)
        var isNegative = false
        var names: [String] = []
        trim(&rest)
        while let first = rest.first, !first.isNumber, first != ".", first != "," {
            if first == "-" || first == "\u{2212}" {
                guard !isNegative else { return .failure(ValueIssue(.notMoney)) }
                isNegative = true
                rest.removeFirst()
            } else {
                let name = rest.prefix { isName($0) || ($0 == "." && isAbbreviated(rest)) }
                guard !name.isEmpty else { return .failure(ValueIssue(.notMoney)) }
                names.append(String(name))
                rest = rest[name.endIndex...]
            }
            trim(&rest)
        }
        let amount = rest.prefix {
            $0.isNumber || $0 == "." || $0 == "," || $0 == "'" || $0 == "\u{2019}" || $0.isWhitespace
        }
        rest = rest[amount.endIndex...]
        var digits = amount
        trim(&digits)
        // `12,-` has no cents.
        if let last = digits.last, last == "," || last == ".", let dash = rest.first, "-–—".contains(dash) {
            digits.removeLast()
            rest = rest.dropFirst { "-–—".contains($0) }
        }
        trim(&rest)
        if !rest.isEmpty {
            guard rest.allSatisfy({ isName($0) || $0 == "." }) else { return .failure(ValueIssue(.notMoney)) }
            names.append(String(rest))
        }
        guard digits.contains(where: \.isNumber) else { return .failure(ValueIssue(.notMoney)) }
        return currency(names, options.defaultCurrency).flatMap { currency in
            let most = NumberReader.Fractions.atMost(Currencies.withThreeDecimals.contains(currency) ? 3 : 2)
            return NumberReader.parse(String(digits), options.decimalMark, fractions: most)
                .mapError { $0.reason == .notANumber ? ValueIssue(.notMoney) : $0 }
                .map { (isNegative && $0 != "0" ? "-" + $0 : $0, currency) }
        }
    }

    private static func trim(_ text: inout Substring) {
        while text.first?.isWhitespace ?? false { text.removeFirst() }
        while text.last?.isWhitespace ?? false { text.removeLast() }
    }

    private static func isName(_ character: Character) -> Bool { character.isLetter || character.isCurrencySymbol }

    /// `Fr. 5`, `Rs. 5`: the point belongs to the letters.
    private static func isAbbreviated(_ text: Substring) -> Bool {
        guard let dot = text.firstIndex(of: ".") else { return false }
        return dot > text.startIndex && text[..<dot].allSatisfy(\.isLetter)
    }

    private static func currency(_ names: [String], _ usual: String?) -> Result<String, ValueIssue> {
        guard let first = names.first else {
            return usual.map { .success($0) } ?? .failure(ValueIssue(.missingCurrency))
        }
        // `US$ 5 USD`: both must mean the same.
        var found: Set<String>?
        for name in [first] + names.dropFirst() {
            let meanings = Currencies.meanings(name)
            guard !meanings.isEmpty else { return .failure(ValueIssue(.notMoney)) }
            found = found.map { $0.intersection(meanings) } ?? meanings
        }
        guard let found, !found.isEmpty else { return .failure(ValueIssue(.notMoney)) }
        if let only = found.first, found.count == 1 { return .success(only) }
        if let usual, found.contains(usual) { return .success(usual) }
        return .failure(ValueIssue(.ambiguousCurrency))
    }
}

extension Substring {
    fileprivate func dropFirst(_ isDropped: (Character) -> Bool) -> Substring {
        guard let first, isDropped(first) else { return self }
        return dropFirst()
    }
}
