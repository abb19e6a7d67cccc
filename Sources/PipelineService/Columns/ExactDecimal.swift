/// A decimal number as it was written: its digits, and how many of them stand behind the point, so that 12.10 stays
/// 12.10. It has no exponent, no minus before zero, and is never rounded.
///
/// `==` is of what is written; `order` compares by value, so that 12.1 and 12.10 are one.
struct ExactDecimal: Sendable, Hashable, BitwiseCopyable {
    /// No number has more digits, nor more behind its point: 128 bits hold all numbers of as many, and the decimals of
    /// most databases end there, too.
    static let maximumDigits = 38

    // The number without its point, in two words: a field of 128 bits would align cells at 16 bytes and take 32 a cell.
    private let high: Int64
    private let low: UInt64
    /// How many of its digits stand behind the point.
    let scale: Int8

    static let zero = ExactDecimal(0 as Int64)

    /// The number without its point.
    var unscaled: Int128 { Int128(high) << 64 | Int128(low) }

    init(_ value: Int64) { (high, low, scale) = (value >> 63, UInt64(bitPattern: value), 0) }

    init(_ value: UInt64) { (high, low, scale) = (0, value, 0) }

    /// None where there are too many digits.
    init?(unscaled: Int128, scale: Int) {
        guard unscaled.magnitude < Self.power(Self.maximumDigits), (0...Self.maximumDigits).contains(scale) else {
            return nil
        }
        high = Int64(unscaled >> 64)
        low = UInt64(truncatingIfNeeded: unscaled)
        self.scale = Int8(scale)
    }

    /// 10 to the power of 0 to 38.
    static func power(_ exponent: Int) -> UInt128 { powers[exponent] }

    private static let powers: [UInt128] = (0..<maximumDigits).reduce(into: [1]) { powers, _ in
        powers.append(powers[powers.count - 1] * 10)
    }

    /// How many digits are written, the zero before a point, too.
    var digitCount: Int {
        var count = 1
        while count < Self.maximumDigits, Self.powers[count] <= unscaled.magnitude { count += 1 }
        return max(count, Int(scale) + 1)
    }

    // MARK: - By value

    /// Less than, equal to or greater than zero, by value.
    static func order(_ left: ExactDecimal, _ right: ExactDecimal) -> Int {
        if left.scale == right.scale {
            return left.unscaled < right.unscaled ? -1 : left.unscaled == right.unscaled ? 0 : 1
        }
        return DecimalNumeral(left).order(to: DecimalNumeral(right))
    }

    /// With a double as its shortest digits; none beside NaN.
    static func order(_ left: ExactDecimal, _ right: Double) -> Int? {
        if right.isNaN { return nil }
        if right.isInfinite { return right > 0 ? -1 : 1 }
        return DecimalNumeral(right).map { DecimalNumeral(left).order(to: $0) }
    }

    /// The same number without zeros at its end: one for all that are equal by value.
    var reduced: ExactDecimal {
        var (value, places) = (unscaled, scale)
        while places > 0 {
            let (quotient, remainder) = value.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { break }
            (value, places) = (quotient, places - 1)
        }
        return ExactDecimal(unscaled: value, scale: Int(places)) ?? self
    }
}

extension ExactDecimal: CustomStringConvertible {
    var description: String {
        var output = OutputBuffer(capacity: 64)
        output.put(self)
        return String(decoding: output.bytes, as: UTF8.self)
    }

    /// Of a text that holds nothing but a number: digits with at most one point, a sign before them, an exponent behind
    /// them. None where it is no number or would have too many digits.
    init?(_ text: Span<UInt8>, _ start: Int, _ length: Int) {
        guard let numeral = DecimalNumeral(text, start, length) else { return nil }
        self.init(numeral)
    }

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.span, 0, bytes.count)
    }

    /// A double's shortest digits, 12.1 for 12.1; none for NaN, infinities and what has too many digits.
    init?(_ value: Double) {
        guard let numeral = DecimalNumeral(value) else { return nil }
        self.init(numeral)
    }

    private init?(_ numeral: DecimalNumeral) {
        var (magnitude, scale) = (numeral.magnitude, numeral.scale)
        if scale < 0 {
            guard let whole = DecimalNumeral.magnified(magnitude, -scale) else { return nil }
            (magnitude, scale) = (whole, 0)
        }
        guard magnitude < Self.power(Self.maximumDigits) else { return nil }
        self.init(unscaled: numeral.isNegative ? -Int128(magnitude) : Int128(magnitude), scale: scale)
    }
}
