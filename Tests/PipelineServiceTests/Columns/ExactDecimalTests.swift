import Foundation
import Testing

@testable import PipelineService

@Suite("Decimals")
struct ExactDecimalTests {
    @Test(
        "keep what is written",
        arguments: [
            ("12.10", "12.10"), ("-0.00", "0.00"), ("+7", "7"), ("007.50", "7.50"), (".5", "0.5"), ("5.", "5"),
            ("99999999999999999999.99", "99999999999999999999.99"), ("1.5e3", "1500"), ("1.50E+1", "15.0"),
            ("25e-3", "0.025"), ("0e5", "0"), ("-1e-38", "-0." + String(repeating: "0", count: 37) + "1"),
            ("1e37", "1" + String(repeating: "0", count: 37)),
            (String(repeating: "9", count: 38), String(repeating: "9", count: 38)),
            (
                "-" + String(repeating: "9", count: 19) + "." + String(repeating: "1", count: 19),
                "-" + String(repeating: "9", count: 19) + "." + String(repeating: "1", count: 19)
            ),
        ])
    func kept(text: String, written: String) throws {
        let value = try #require(ExactDecimal(text))
        #expect(value.description == written)
        #expect(ExactDecimal(written) == value)
    }

    @Test(
        "are no other texts, and none of more digits than are held",
        arguments: [
            "", "-", ".", "1,5", " 1", "1 ", "1.2.3", "--1", "1e", "1e+", "1e12345", "NaN", "Infinity", "0x10", "1_000",
            "١",
            "1e38", "1e-39", String(repeating: "9", count: 39), "0." + String(repeating: "0", count: 39),
        ])
    func refused(text: String) { #expect(ExactDecimal(text) == nil) }

    /// Foundation's decimals have 38 digits, too; a value read there is the same number.
    private static func peer(_ value: ExactDecimal) throws -> Decimal { try #require(Decimal(string: "\(value)")) }

    @Test("are ordered, added, multiplied and rounded as Foundation's are", arguments: 0..<4)
    func arithmetic(seed: UInt64) throws {
        var generator = SplitMix(seed)
        func random() -> ExactDecimal {
            let digits = Int64.random(in: -(1 << Int64.random(in: 0...58))...(1 << 58), using: &generator)
            return ExactDecimal(unscaled: Int128(digits), scale: Int.random(in: 0...18, using: &generator)) ?? .zero
        }
        for _ in 0..<2_000 {
            let (x, y) = (random(), Bool.random(using: &generator) ? random() : ExactDecimal(1 as Int64))
            let (a, b) = (try Self.peer(x), try Self.peer(y))
            #expect(ExactDecimal.order(x, y) == (a < b ? -1 : a == b ? 0 : 1), "\(x) \(y)")
            if let sum = x.adding(y) { #expect(try Self.peer(sum) == a + b, "\(x) \(y)") }
            if let difference = x.subtracting(y) { #expect(try Self.peer(difference) == a - b, "\(x) \(y)") }
            let product = try #require(x.multiplied(by: y))
            #expect(try Self.peer(product) == a * b && product.scale == x.scale + y.scale, "\(x) \(y)")
            let places = Int.random(in: 0...18, using: &generator)
            for (rounding, mode) in [
                (ExactDecimal.Rounding.up, NSDecimalNumber.RoundingMode.up), (.down, .down), (.nearest, .plain),
            ] {
                var (source, rounded) = (a, Decimal())
                unsafe NSDecimalRound(&rounded, &source, places, mode)
                guard let value = x.rounded(rounding, places: places) else { continue }
                #expect(try Self.peer(value) == rounded && Int(value.scale) == places, "\(x) \(rounding) \(places)")
            }
        }
    }

    @Test("of any size keep order with themselves, their sums and their reduced forms", arguments: 0..<4)
    func order(seed: UInt64) throws {
        var generator = SplitMix(seed)
        for _ in 0..<2_000 {
            let (x, y) = (randomDecimal(&generator), randomDecimal(&generator))
            #expect(ExactDecimal(x.description) == x)
            #expect(ExactDecimal.order(x, y) == -ExactDecimal.order(y, x))
            #expect(ExactDecimal.order(x, x.reduced) == 0)
            #expect((x.reduced == y.reduced) == (ExactDecimal.order(x, y) == 0))
            if let difference = x.subtracting(y) {
                #expect(ExactDecimal.order(x, y) == Int(difference.unscaled.signum()), "\(x) \(y)")
                #expect(difference.adding(y).map { ExactDecimal.order($0, x) } ?? 0 == 0)
            }
            #expect(x.double == Double(x.description))
        }
    }

    @Test("say where a result does not fit")
    func bounds() throws {
        let most = try #require(ExactDecimal(String(repeating: "9", count: 38)))
        let least = try #require(ExactDecimal("1e-38"))
        #expect(most.adding(ExactDecimal(1 as Int64)) == nil && most.adding(least) == nil)
        #expect(most.multiplied(by: ExactDecimal(2 as Int64)) == nil && least.multiplied(by: least) == nil)
        #expect(most.multiplied(by: most) == nil)
        #expect(most.rounded(.nearest, places: 1) == nil)
        #expect(most.adding(most.negated)?.description == "0")
    }

    @Test(
        "and doubles: by shortest digits",
        arguments: [
            (0.1, "0.1"), (12.1, "12.1"), (-2.0, "-2"), (1e20, "100000000000000000000"), (1e-7, "0.0000001"),
            (123_456_789.125, "123456789.125"), (-0.0, "0"),
        ])
    func doubles(value: Double, text: String) throws {
        let decimal = try #require(ExactDecimal(value))
        #expect(decimal.description == text && decimal.double == value)
        #expect(ExactDecimal.order(decimal, value) == 0)
        #expect(ExactDecimal.order(decimal, value.nextUp) == -1 && ExactDecimal.order(decimal, value.nextDown) == 1)
    }

    @Test("are compared with doubles of any size")
    func extremes() throws {
        let (zero, least) = (ExactDecimal.zero, try #require(ExactDecimal("1e-38")))
        let most = try #require(ExactDecimal(String(repeating: "9", count: 38)))
        #expect(ExactDecimal(1e38) == nil && ExactDecimal(.leastNonzeroMagnitude) == nil && ExactDecimal(.nan) == nil)
        #expect(ExactDecimal.order(most, 1e38) == -1 && ExactDecimal.order(most, 9.9e37) == 1)
        #expect(
            ExactDecimal.order(zero, .leastNonzeroMagnitude) == -1
                && ExactDecimal.order(zero, -Double.leastNonzeroMagnitude) == 1)
        #expect(
            ExactDecimal.order(least, .leastNonzeroMagnitude) == 1 && ExactDecimal.order(least.negated, -1e300) == 1)
        #expect(ExactDecimal.order(zero, .infinity) == -1 && ExactDecimal.order(zero, -.infinity) == 1)
        #expect(ExactDecimal.order(zero, .nan) == nil && ExactDecimal.order(zero, -0.0) == 0)
    }
}
