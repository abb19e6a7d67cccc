/// Regular expressions for the decimal text of the whole numbers of a range, as 64-bit integers and durations stand in
/// JSON. RE2's and ECMAScript's language; no anchors.
enum RangePattern {
    /// Whole numbers from `range`, without leading zeros; a zero has no sign.
    static func integers(_ range: ClosedRange<Int64>) -> String { choice(integerBranches(range)) }

    /// As `integers`, from 0.
    static func integers(upTo most: UInt64) -> String { choice(magnitudes(0, most)) }

    /// Seconds with up to nine digits behind the point, as a duration has them before its `s`, from one duration to
    /// another: exact where both ends are whole seconds, and else up to the next whole second outside.
    static func seconds(from least: (seconds: Int64, nanos: Int32), to most: (seconds: Int64, nanos: Int32)) -> String {
        let low = least.seconds - (least.nanos < 0 ? 1 : 0)
        let high = most.seconds + (most.nanos > 0 ? 1 : 0)
        guard low <= high else { return choice([]) }
        var branches: [String] = []
        if high >= 0 { branches += fractions(UInt64(max(low, 0)), UInt64(high), sign: "") }
        if low < 0 { branches += fractions(high < 0 ? high.magnitude : 0, low.magnitude, sign: "-") }
        return choice(branches)
    }

    /// Numbers whose whole part is below the greatest with any fraction, and the greatest with none but zeros.
    private static func fractions(_ least: UInt64, _ most: UInt64, sign: String) -> [String] {
        let end = "\(sign)\(most)(?:\\.0{1,9})?"
        return least == most ? [end] : ["\(sign)\(choice(magnitudes(least, most - 1)))(?:\\.[0-9]{1,9})?", end]
    }

    private static func integerBranches(_ range: ClosedRange<Int64>) -> [String] {
        let (low, high) = (range.lowerBound, range.upperBound)
        var branches: [String] = []
        if high >= 0 { branches += magnitudes(UInt64(max(low, 0)), UInt64(high)) }
        if low < 0 {
            branches += magnitudes(high < 0 ? high.magnitude : 1, low.magnitude).map { "-\($0)" }
        }
        return branches
    }

    /// Numbers of one length whose beginning is fixed and whose rest is free, one branch each.
    private static func magnitudes(_ least: UInt64, _ most: UInt64) -> [String] {
        guard least <= most else { return [] }
        var branches: [String] = []
        var from = least
        while true {
            // The end of the run of `from`'s length.
            let digits = "\(from)".utf8.count
            let last = digits >= 20 ? UInt64.max : (0..<digits).reduce(1) { value, _ in value * 10 } - 1
            let to = min(last, most)
            branches += sameLength(Array("\(from)".utf8), Array("\(to)".utf8))
            guard to < most else { return branches }
            from = to + 1
        }
    }

    private static func sameLength(_ low: [UInt8], _ high: [UInt8]) -> [String] {
        guard let first = low.first, let last = high.first else { return [""] }
        let rest = low.count - 1
        if low.allSatisfy({ $0 == zero }), high.allSatisfy({ $0 == nine }) { return [free(low.count)] }
        let (lows, highs) = (Array(low.dropFirst()), Array(high.dropFirst()))
        if first == last { return sameLength(lows, highs).map { digit(first, first) + $0 } }
        var (start, end) = (first, last)
        var branches: [String] = []
        if !lows.allSatisfy({ $0 == zero }) {
            branches += sameLength(lows, Array(repeating: nine, count: rest)).map { digit(first, first) + $0 }
            start += 1
        }
        var tail: [String] = []
        if !highs.allSatisfy({ $0 == nine }) {
            tail = sameLength(Array(repeating: zero, count: rest), highs).map { digit(last, last) + $0 }
            end -= 1
        }
        if start <= end { branches.append(digit(start, end) + free(rest)) }
        return branches + tail
    }

    private static let (zero, nine) = (UInt8(ascii: "0"), UInt8(ascii: "9"))

    private static func digit(_ from: UInt8, _ to: UInt8) -> String {
        let (low, high) = (Character(Unicode.Scalar(from)), Character(Unicode.Scalar(to)))
        return from == to ? String(low) : "[\(low)-\(high)]"
    }

    private static func free(_ count: Int) -> String {
        switch count {
        case 0: ""
        case 1: "[0-9]"
        default: "[0-9]{\(count)}"
        }
    }

    /// A range without members matches nothing.
    private static func choice(_ branches: [String]) -> String {
        branches.isEmpty ? "[^\\s\\S]" : "(?:\(branches.joined(separator: "|")))"
    }
}
