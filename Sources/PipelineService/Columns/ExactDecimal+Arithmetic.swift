/// Arithmetic that loses nothing: where a result has too many digits, there is none.
extension ExactDecimal {
    func adding(_ other: ExactDecimal) -> ExactDecimal? {
        let scale = max(scale, other.scale)
        guard let left = unscaled(at: Int(scale)), let right = other.unscaled(at: Int(scale)) else { return nil }
        // Both have 38 digits at most, so that the sum fits 128 bits.
        return ExactDecimal(unscaled: left + right, scale: Int(scale))
    }

    func subtracting(_ other: ExactDecimal) -> ExactDecimal? { adding(other.negated) }

    func multiplied(by other: ExactDecimal) -> ExactDecimal? {
        let (product, overflow) = unscaled.multipliedReportingOverflow(by: other.unscaled)
        return overflow ? nil : ExactDecimal(unscaled: product, scale: Int(scale) + Int(other.scale))
    }

    var negated: ExactDecimal { ExactDecimal(unscaled: -unscaled, scale: Int(scale)) ?? self }

    var magnitude: ExactDecimal { unscaled < 0 ? negated : self }

    /// The number without its point as it would be with so many digits behind it; none where those do not fit.
    private func unscaled(at scale: Int) -> Int128? {
        let factor = Int128(Self.power(scale - Int(self.scale)))
        let (product, overflow) = unscaled.multipliedReportingOverflow(by: factor)
        guard !overflow, product.magnitude < Self.power(Self.maximumDigits) else { return nil }
        return product
    }

    // MARK: - Rounding

    enum Rounding: Sendable {
        case up
        case down
        case towardZero
        /// To the nearest, halves away from zero, as bills are rounded.
        case nearest
    }

    /// The number with exactly so many digits behind its point; none where those do not fit.
    func rounded(_ rounding: Rounding, places: Int) -> ExactDecimal? {
        guard (0...Self.maximumDigits).contains(places) else { return nil }
        if places >= Int(scale) {
            return unscaled(at: places).flatMap { ExactDecimal(unscaled: $0, scale: places) }
        }
        let unit = Int128(Self.power(Int(scale) - places))
        let (quotient, remainder) = unscaled.quotientAndRemainder(dividingBy: unit)
        let step: Int128 =
            switch rounding {
            case .towardZero: 0
            case .up: remainder > 0 ? 1 : 0
            case .down: remainder < 0 ? -1 : 0
            // No doubling, which might not fit.
            case .nearest: remainder.magnitude >= unit.magnitude - remainder.magnitude ? remainder.signum() : 0
            }
        return ExactDecimal(unscaled: quotient + step, scale: places)
    }

    // MARK: - As other numbers

    /// The nearest double.
    var double: Double {
        // Both exact, so that the division is rounded once (Clinger's fast path).
        if unscaled.magnitude <= 1 << 53, scale <= 22 {
            let power = (0..<scale).reduce(1.0) { power, _ in power * 10 }
            return Double(Int64(unscaled)) / power
        }
        return Double(description) ?? .nan
    }

    /// Without what stands behind the point; none where that does not fit.
    var truncatedInt64: Int64? { rounded(.towardZero, places: 0).flatMap { Int64(exactly: $0.unscaled) } }

    /// The whole number that it is; none where it has a fraction or does not fit.
    var wholeInt64: Int64? {
        guard let whole = rounded(.towardZero, places: 0), Self.order(whole, self) == 0 else { return nil }
        return Int64(exactly: whole.unscaled)
    }
}
