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
        var bytes: [UInt8] = []
        append(amount, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// As `format`, behind what is there.
    static func append(_ amount: TimeAmount, to bytes: inout [UInt8]) {
        let nanoseconds = max(amount.nanoseconds, 0)
        let (value, unit) =
            switch nanoseconds {
            case ...limit: (nanoseconds, UInt8(ascii: "n"))
            case ...(limit * 1_000 + 999): (nanoseconds / 1_000, UInt8(ascii: "u"))
            case ...(limit * 1_000_000 + 999_999): (nanoseconds / 1_000_000, UInt8(ascii: "m"))
            case ...(limit * 1_000_000_000 + 999_999_999): (nanoseconds / 1_000_000_000, UInt8(ascii: "S"))
            case ...(limit * 60_000_000_000 + 59_999_999_999): (nanoseconds / 60_000_000_000, UInt8(ascii: "M"))
            default: (min(nanoseconds / 3_600_000_000_000, limit), UInt8(ascii: "H"))
            }
        var divisor: Int64 = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
        bytes.append(unit)
    }

    /// Eight digits at most.
    private static let limit: Int64 = 99_999_999
}
