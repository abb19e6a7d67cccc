package import NIOCore

/// The value of `grpc-timeout` (PROTOCOL-HTTP2.md): at most eight digits and a unit.
package enum Timeout {
    /// The amount that `text` says, or nil if it is not a timeout.
    static func parse(_ text: UnsafeRawBufferPointer) -> TimeAmount? {
        guard text.count >= 2, text.count <= 9, let unit = unsafe text.last else { return nil }
        var value: Int64 = 0
        for index in 0..<(text.count - 1) {
            let byte = unsafe text[index]
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        let nanoseconds: Int64
        switch unit {
        case UInt8(ascii: "H"): nanoseconds = 3_600_000_000_000
        case UInt8(ascii: "M"): nanoseconds = 60_000_000_000
        case UInt8(ascii: "S"): nanoseconds = 1_000_000_000
        case UInt8(ascii: "m"): nanoseconds = 1_000_000
        case UInt8(ascii: "u"): nanoseconds = 1_000
        case UInt8(ascii: "n"): nanoseconds = 1
        default: return nil
        }
        let (product, overflow) = value.multipliedReportingOverflow(by: nanoseconds)
        // 99 999 999 hours do not fit; some centuries are as good as for ever.
        return .nanoseconds(overflow ? Int64.max / 4 : min(product, Int64.max / 4))
    }

    /// As above, of a text.
    package static func parse(_ text: String) -> TimeAmount? {
        let bytes = Array(text.utf8)
        return unsafe bytes.withUnsafeBytes { unsafe parse($0) }
    }

    /// The shortest text that is not more than `amount` and at most 0.1 % less.
    package static func format(_ amount: TimeAmount) -> String {
        let nanoseconds = max(amount.nanoseconds, 0)
        let units: [(Int64, String)] = [
            (1, "n"), (1_000, "u"), (1_000_000, "m"), (1_000_000_000, "S"), (60_000_000_000, "M"),
        ]
        for (size, unit) in units where nanoseconds / size <= 99_999_999 { return "\(nanoseconds / size)\(unit)" }
        return "\(min(nanoseconds / 3_600_000_000_000, 99_999_999))H"
    }
}
