/// One field of a cron expression: which values of its range it names.
struct CronField: Sendable, Hashable {
    /// Bit n is set if n is named.
    private(set) var bits: UInt64 = 0
    /// Whether the field restricts nothing, as it begins with a star: for the rule of the two day fields.
    let isStar: Bool
    let range: ClosedRange<Int>

    func contains(_ value: Int) -> Bool { bits & (1 << UInt64(value)) != 0 }

    var values: [Int] { range.filter(contains) }

    /// Whether it names every value of its range.
    var isComplete: Bool { range.allSatisfy(contains) }

    /// The first value not below the one given.
    func first(from value: Int) -> Int? {
        guard value < 64 else { return nil }
        let rest = bits >> UInt64(max(value, 0))
        return rest == 0 ? nil : max(value, 0) + rest.trailingZeroBitCount
    }

    /// - Parameters:
    ///   - name: the field's, for errors.
    ///   - names: what the values are called, the range's first one first: "JAN", …
    init(_ text: Substring, _ name: String, _ range: ClosedRange<Int>, names: [String] = []) throws(CronError) {
        self.range = range
        isStar = text.hasPrefix("*")
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
            guard (1...2).contains(pieces.count), !pieces[0].isEmpty else {
                throw CronError(name, "\"\(part)\" is not a value, range or step")
            }
            var step = 1
            if pieces.count == 2 {
                guard let number = Int(pieces[1]), number > 0, number <= range.upperBound + 1 else {
                    throw CronError(name, "the step \"\(pieces[1])\" is not within 1...\(range.upperBound + 1)")
                }
                step = number
            }
            let span = try Self.span(pieces[0], name, range, names, hasStep: pieces.count == 2)
            for value in stride(from: span.lowerBound, through: span.upperBound, by: step) {
                bits |= 1 << UInt64(value)
            }
        }
    }

    private static func span(
        _ text: Substring, _ name: String, _ range: ClosedRange<Int>, _ names: [String], hasStep: Bool
    ) throws(CronError) -> ClosedRange<Int> {
        if text == "*" { return range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(ends.count) else { throw CronError(name, "\"\(text)\" is not a range") }
        let first = try value(ends[0], name, range, names)
        guard ends.count == 2 else { return first...(hasStep ? range.upperBound : first) }
        let last = try value(ends[1], name, range, names)
        guard first <= last else { throw CronError(name, "the range \"\(text)\" ends before it begins") }
        return first...last
    }

    private static func value(
        _ text: Substring, _ name: String, _ range: ClosedRange<Int>, _ names: [String]
    ) throws(CronError) -> Int {
        if let index = names.firstIndex(of: text.uppercased()) { return range.lowerBound + index }
        guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(text), range.contains(number) else {
            throw CronError(name, "\"\(text)\" is not within \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }
}

/// A cron expression is wrong: in this field, for this reason.
public struct CronError: Error, Sendable, Hashable, CustomStringConvertible {
    /// "minute", "hour", "day of month", "month", "day of week", "expression" or "time zone".
    public var field: String
    public var message: String

    init(_ field: String, _ message: String) {
        self.field = field
        self.message = message
    }

    public var description: String { "\(field): \(message)" }
}
