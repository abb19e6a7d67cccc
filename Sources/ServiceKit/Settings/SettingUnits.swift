/// A time, as `30s`, `1m30s`, `250ms` or `7d`.
extension Duration: SettingValue {
    public static var settingType: String { "duration" }
    public static var settingSyntax: String? { "a number with ms, s, m, h or d, as 30s" }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    public init?(setting text: String) {
        var rest = text[...]
        var milliseconds: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count)
            guard let number = Int64(digits), let unit = Self.units.first(where: { $0.name == name }) else {
                return nil
            }
            let (product, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
            let (sum, overflows) = milliseconds.addingReportingOverflow(product)
            guard !overflow, !overflows else { return nil }
            milliseconds = sum
        }
        self = .milliseconds(milliseconds)
    }

    public var settingText: String {
        var rest = nanoseconds / 1_000_000
        guard rest > 0 else { return "0s" }
        var text = ""
        for unit in Self.units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text
    }
}

/// A number of bytes, as `4MiB`.
public struct ByteCount: SettingValue, Comparable {
    /// The number.
    public let bytes: Int

    /// Takes the number.
    public init(_ bytes: Int) { self.bytes = bytes }

    public static var settingType: String { "size" }
    public static var settingSyntax: String? { "a number of bytes, or with KiB, MiB, GiB or TiB, as 4MiB" }

    private static let units: [(name: String, bytes: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    public init?(setting text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = text.dropFirst(digits.count)
        guard let number = Int(digits),
            let unit = name.isEmpty ? ("B", 1) : Self.units.first(where: { $0.name == name })
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
        guard !overflow else { return nil }
        self.init(product)
    }

    public var settingText: String {
        for unit in Self.units where bytes >= unit.bytes && bytes % unit.bytes == 0 {
            return unit.bytes == 1 ? "\(bytes)" : "\(bytes / unit.bytes)\(unit.name)"
        }
        return "\(bytes)"
    }

    public static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }
}
