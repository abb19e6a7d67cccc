@testable import PipelineService

/// Numbers that look random and are the same in each run (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators").
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A cell of a type, often one at an edge; a fifth are null.
func randomCell(_ type: ColumnType, _ generator: inout SplitMix) -> CellValue {
    if Int.random(in: 0..<5, using: &generator) == 0 { return .null }
    switch type {
    case .bool: return .bool(Bool.random(using: &generator))
    case .int64:
        let edges: [Int64] = [0, 1, -1, .min, .max, 42, 1_000_000]
        return .int64(
            Bool.random(using: &generator)
                ? edges.randomElement(using: &generator) ?? 0 : Int64.random(in: .min ... .max, using: &generator))
    case .double:
        let edges = [0, -0.5, 1e300, .leastNonzeroMagnitude, 0.1, 123_456.789, 1e16, -2.5e-7, 3, .infinity]
        return .double(
            Bool.random(using: &generator)
                ? edges.randomElement(using: &generator) ?? 0 : Double.random(in: -1e6...1e6, using: &generator))
    case .decimal: return .decimal(randomDecimal(&generator))
    case .string: return .string(randomText(&generator))
    case .timestamp:
        return .timestamp(Int64.random(in: CivilTime.microseconds, using: &generator))
    case .date: return .date(Int32.random(in: CivilTime.days, using: &generator))
    case .stringList:
        return .stringList((0..<Int.random(in: 0..<4, using: &generator)).map { _ in randomText(&generator) })
    }
}

/// A decimal of any number of digits, often with zeros at its end.
func randomDecimal(_ generator: inout SplitMix) -> ExactDecimal {
    let digits = (0..<Int.random(in: 1...ExactDecimal.maximumDigits, using: &generator)).map { place in
        place % 3 == 0 && Bool.random(using: &generator) ? "0" : String(Int.random(in: 0...9, using: &generator))
    }
    let scale = Int.random(in: 0...digits.count, using: &generator)
    let text = digits.dropLast(scale).joined() + (scale > 0 ? "." : "") + digits.suffix(scale).joined()
    return ExactDecimal((Bool.random(using: &generator) ? "-" : "") + text) ?? .zero
}

func randomText(_ generator: inout SplitMix) -> String {
    let parts = ["a", "Bc", "\"", ",", ";", "\n", "\r\n", "\t", " ", "ß", "日本", "😀", "\\", "'", "=", "", "x1", "\u{1}"]
    return (0..<Int.random(in: 0..<8, using: &generator)).map { _ in parts.randomElement(using: &generator) ?? "" }
        .joined()
}
