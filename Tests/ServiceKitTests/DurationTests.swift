import Testing

@testable import ServiceKit

@Suite struct DurationTests {
    static let cases: [(Duration, Int64)] = [
        (.milliseconds(1500), 1_500_000_000), (.nanoseconds(-3), -3), (.seconds(Int64.max), .max),
        (.seconds(Int64.min), .min),
    ]

    @Test(arguments: cases) func wholeNanoseconds(duration: Duration, nanoseconds: Int64) {
        #expect(duration.nanoseconds == nanoseconds)
    }
}
