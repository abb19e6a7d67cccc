/// Durations as CEL writes them: numbers with units, such as `1h30m`, `-1.5s` or `250ms`.
enum DurationText {
    private static let units: [(name: String, microseconds: Double)] = [
        ("ns", 0.001), ("us", 1), ("µs", 1), ("μs", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000),
        ("h", 3_600_000_000),
    ]

    /// A duration in microseconds, finer digits cut off; none where the text is no duration or has no number of 64 bits.
    static func microseconds(_ text: ArraySlice<UInt8>) -> Int64? {
        guard text.count <= 100 else { return nil }
        var rest = text
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest.removeFirst()
        }
        if rest.elementsEqual("0".utf8) { return 0 }
        guard !rest.isEmpty else { return nil }
        // Below zero there is room for one more.
        var total: Int64 = 0
        while !rest.isEmpty {
            let number = rest.prefix { $0 &- UInt8(ascii: "0") <= 9 || $0 == UInt8(ascii: ".") }
            rest = rest.dropFirst(number.count)
            // The longest unit that fits: `ms` is no `m`.
            guard
                let unit = units.filter({ rest.starts(with: $0.name.utf8) }).max(by: { $0.name.count < $1.name.count }),
                let part = negative(number, unit.microseconds)
            else { return nil }
            rest = rest.dropFirst(unit.name.utf8.count)
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        if isNegative { return total }
        let (positive, overflow) = Int64(0).subtractingReportingOverflow(total)
        return overflow ? nil : positive
    }

    /// A number of units, below zero.
    private static func negative(_ number: ArraySlice<UInt8>, _ unit: Double) -> Int64? {
        let parts = number.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard number.contains(where: { $0 != UInt8(ascii: ".") }), parts.count <= 2 else { return nil }
        var whole: Int64 = 0
        if !parts[0].isEmpty {
            guard let value = Int64(String(decoding: parts[0], as: UTF8.self)) else { return nil }
            whole = value
        }
        let scaled: Int64
        if unit < 1 {
            scaled = -(whole / 1_000)
        } else {
            let (product, overflow) = whole.multipliedReportingOverflow(by: -Int64(unit))
            guard !overflow else { return nil }
            scaled = product
        }
        guard parts.count == 2, !parts[1].isEmpty else { return scaled }
        guard let fraction = Double("0." + String(decoding: parts[1], as: UTF8.self)) else { return nil }
        // Less than a unit: an hour has four thousand million microseconds.
        let (sum, overflow) = scaled.subtractingReportingOverflow(Int64((fraction * unit + 1e-6).rounded(.down)))
        return overflow ? nil : sum
    }

    /// Seconds with a fraction where there is one, such as `5400s` or `-1.5s`.
    static func text(_ microseconds: Int64) -> String {
        let magnitude = microseconds.magnitude
        let fraction = String(magnitude % 1_000_000)
        var digits = String(repeating: "0", count: 6 - fraction.count) + fraction
        while digits.last == "0" { digits.removeLast() }
        return (microseconds < 0 ? "-" : "") + String(magnitude / 1_000_000) + (digits.isEmpty ? "" : "." + digits)
            + "s"
    }
}
