/// A number on its way to or from a decimal: digits with a power of ten of any size.
struct DecimalNumeral {
    let isNegative: Bool
    let magnitude: UInt128
    /// How many digits stand behind the point; below zero, how many zeros stand behind the digits.
    let scale: Int

    init(_ value: ExactDecimal) {
        (isNegative, magnitude, scale) = (value.unscaled < 0, value.unscaled.magnitude, Int(value.scale))
    }

    /// The shortest digits that give a double back; none for NaN and infinities.
    init?(_ value: Double) {
        guard value.isFinite else { return nil }
        let bytes = Array(value.description.utf8)
        guard let read = DecimalNumeral(bytes.span, 0, bytes.count) else { return nil }
        // A whole number is described as 12.0, whose point and zero say only that it is a double.
        let isWhole = read.scale == 1 && read.magnitude % 10 == 0
        isNegative = read.isNegative
        (magnitude, scale) = isWhole ? (read.magnitude / 10, 0) : (read.magnitude, read.scale)
    }

    /// Exponents with more digits belong to no number that fits.
    private static let maximumExponentDigits = 4
    /// So many digits fit 64 bits, whatever they are.
    private static let wordDigits = 18
    private static let wordPower: UInt128 = 1_000_000_000_000_000_000

    init?(_ text: Span<UInt8>, _ start: Int, _ length: Int) {
        guard length > 0 else { return nil }
        var at = start
        let end = start + length
        isNegative = text[at: at] == UInt8(ascii: "-")
        if isNegative || text[at: at] == UInt8(ascii: "+") { at += 1 }
        // Digits are gathered in words of 64 bits, as 128 are dear to multiply.
        var (whole, word): (UInt128, UInt64) = (0, 0)
        var (wordDigits, significant, places) = (0, 0, 0)
        var (hasDigits, hasPoint) = (false, false)
        while at < end {
            let byte = text[at: at]
            let digit = byte &- UInt8(ascii: "0")
            if digit <= 9 {
                hasDigits = true
                if hasPoint { places += 1 }
                if significant > 0 || digit > 0 {
                    significant += 1
                    guard significant <= ExactDecimal.maximumDigits else { return nil }
                    word = word * 10 + UInt64(digit)
                    wordDigits += 1
                    if wordDigits == Self.wordDigits {
                        whole = whole * Self.wordPower + UInt128(word)
                        (word, wordDigits) = (0, 0)
                    }
                }
            } else if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else {
                break
            }
            at += 1
        }
        guard hasDigits else { return nil }
        magnitude = wordDigits == 0 ? whole : whole * ExactDecimal.power(wordDigits) + UInt128(word)
        guard let exponent = Self.exponent(text, at, end) else { return nil }
        scale = places - exponent
    }

    /// What stands behind the digits: nothing, which is 0, or an exponent.
    private static func exponent(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        guard start < end else { return 0 }
        guard text[at: start] | 0x20 == UInt8(ascii: "e") else { return nil }
        var at = start + 1
        let isNegative = at < end && text[at: at] == UInt8(ascii: "-")
        if isNegative || (at < end && text[at: at] == UInt8(ascii: "+")) { at += 1 }
        guard at < end, end - at <= maximumExponentDigits else { return nil }
        var value = 0
        while at < end {
            let digit = text[at: at] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value * 10 + Int(digit)
            at += 1
        }
        return isNegative ? -value : value
    }

    // MARK: - By value

    /// A number with zeros put behind its digits; none where that does not fit.
    static func magnified(_ magnitude: UInt128, _ zeros: Int) -> UInt128? {
        if magnitude == 0 { return 0 }
        guard zeros <= ExactDecimal.maximumDigits else { return nil }
        let (product, overflow) = magnitude.multipliedReportingOverflow(by: ExactDecimal.power(zeros))
        return overflow ? nil : product
    }

    private var sign: Int { magnitude == 0 ? 0 : isNegative ? -1 : 1 }

    /// Less than, equal to or greater than zero.
    func order(to other: DecimalNumeral) -> Int {
        if sign != other.sign { return sign < other.sign ? -1 : 1 }
        let distance = other.scale - scale
        // What does not fit 128 bits when it is written as finely as the other is larger than it.
        let left = distance > 0 ? Self.magnified(magnitude, distance) : magnitude
        let right = distance < 0 ? Self.magnified(other.magnitude, -distance) : other.magnitude
        guard let left else { return sign }
        guard let right else { return -sign }
        return left == right ? 0 : left < right ? -sign : sign
    }
}
