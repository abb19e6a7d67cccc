import Testing

@testable import Gateway

@Suite struct RangePatternTests {
    private func matches(_ pattern: String, _ text: String) throws -> Bool {
        try Regex(pattern).wholeMatch(in: text) != nil
    }

    /// All small numbers, and ranges around where the number of digits and the sign change.
    @Test func smallRangesAreExact() throws {
        let ends: [Int64] = [-110, -100, -99, -11, -10, -9, -1, 0, 1, 9, 10, 42, 99, 100, 109]
        let numbers: [Int64] = Array(-120...120)
        for low in ends {
            for high in ends where low <= high {
                let pattern = try Regex(RangePattern.integers(low...high))
                let found = try numbers.filter { try pattern.wholeMatch(in: "\($0)") != nil }
                #expect(found == numbers.filter { (low...high).contains($0) }, "\(low)...\(high)")
            }
        }
    }

    @Test func theEndsOfWideRangesAreExact() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<60 {
            // Of all lengths, not mostly of the longest.
            let one = Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0..<60, using: &generator)
            let two = Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0..<60, using: &generator)
            let (low, high) = (min(one, two), max(one, two))
            let pattern = RangePattern.integers(low...high)
            for inside in [low, high, low / 2 + high / 2] {
                #expect(try matches(pattern, "\(inside)"), "\(low) \(high)")
            }
            if low > .min { #expect(try !matches(pattern, "\(low - 1)"), "\(low) \(high)") }
            if high < .max { #expect(try !matches(pattern, "\(high + 1)"), "\(low) \(high)") }
        }
        let all = RangePattern.integers(Int64.min...Int64.max)
        for text in ["9223372036854775807", "-9223372036854775808", "0"] { #expect(try matches(all, text)) }
        for text in ["9223372036854775808", "-9223372036854775809", "-0", "00", "", "1.0", "+1"] {
            #expect(try !matches(all, text), "\(text)")
        }
        let natural = RangePattern.integers(upTo: .max)
        #expect(try matches(natural, "18446744073709551615"))
        #expect(try !matches(natural, "18446744073709551616"))
        #expect(try !matches(natural, "-1"))
    }

    @Test func durations() throws {
        let overlap = RangePattern.seconds(from: (0, 0), to: (2_592_000, 0))
        for text in ["0", "0.5", "1.000000001", "2591999.999999999", "2592000", "2592000.000"] {
            #expect(try matches(overlap, text), "\(text)")
        }
        for text in ["2592000.000000001", "2592001", "-1", "-0.5", "1.", "1.0000000001", "01"] {
            #expect(try !matches(overlap, text), "\(text)")
        }
        let around = RangePattern.seconds(from: (-3, 0), to: (2, 0))
        for text in ["-3", "-2.9", "-0.5", "0", "1.9", "2"] { #expect(try matches(around, text), "\(text)") }
        for text in ["-3.1", "-4", "2.1", "3"] { #expect(try !matches(around, text), "\(text)") }
        let negative = RangePattern.seconds(from: (-5, 0), to: (-2, 0))
        for text in ["-5", "-4.9", "-2"] { #expect(try matches(negative, text), "\(text)") }
        for text in ["-5.1", "-1", "0", "2"] { #expect(try !matches(negative, text), "\(text)") }
        // Parts of a second at the end: up to the next whole one.
        let short = RangePattern.seconds(from: (0, 100_000_000), to: (1, 500_000_000))
        for text in ["0.1", "1.5", "2"] { #expect(try matches(short, text), "\(text)") }
        #expect(try !matches(short, "2.1"))
    }
}
