import NIOCore
import Testing

@testable import Wire

@Suite struct TimeoutTests {
    private func parse(_ text: String) -> TimeAmount? { unsafe withBytes(text) { unsafe Timeout.parse($0) } }

    @Test(arguments: [
        ("1n", Int64(1)), ("1u", 1_000), ("1m", 1_000_000), ("1S", 1_000_000_000), ("1M", 60_000_000_000),
        ("1H", 3_600_000_000_000), ("0S", 0), ("99999999n", 99_999_999), ("007m", 7_000_000),
    ])
    func reads(_ text: String, _ nanoseconds: Int64) {
        #expect(parse(text) == .nanoseconds(nanoseconds))
    }

    @Test(arguments: [
        "", "S", "1", "1s", "1h", "-1S", "+1S", " 1S", "1 S", "1S ", "1.5S", "123456789S", "1SS", "٣S", "0x1S",
    ])
    func refuses(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test func takesHoursThatDoNotFitAsForEver() throws {
        let amount = try #require(parse("99999999H"))
        // Two of them can still be added to a point in time without an overflow.
        #expect(amount.nanoseconds == Int64.max / 4)
        #expect(NIODeadline.now() + amount > .now() + .hours(24 * 365 * 50))
    }

    @Test(arguments: [
        (TimeAmount.nanoseconds(0), "0n"), (.nanoseconds(-5), "0n"), (.nanoseconds(1), "1n"),
        (.nanoseconds(99_999_999), "99999999n"), (.nanoseconds(100_000_000), "100000u"), (.seconds(1), "1000000u"),
        (.seconds(99), "99000000u"), (.seconds(100), "100000m"), (.hours(28), "100800S"),
        (.hours(27_778), "1666680M"), (.nanoseconds(.max), "2562047H"),
    ])
    func writes(_ amount: TimeAmount, _ text: String) {
        #expect(Timeout.format(amount) == text)
    }

    @Test func writesWhatItReadsNeverLongerAndHardlyShorter() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let nanoseconds = Int64.random(in: 0...(1 << Int64.random(in: 1...60, using: &random)), using: &random)
            let text = Timeout.format(.nanoseconds(nanoseconds))
            #expect(text.utf8.count <= 9)
            let back = try #require(parse(text)).nanoseconds
            #expect(back <= nanoseconds && nanoseconds - back <= nanoseconds / 1000, "\(nanoseconds) as \(text)")
        }
    }
}
