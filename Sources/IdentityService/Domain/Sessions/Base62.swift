/// Bytes as letters and digits, which a double click selects as a whole: 8 bytes are 11 characters.
enum Base62 {
    static let groupSize = 8
    static let groupLength = 11
    static let checksumLength = 6

    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// - Parameter bytes: A multiple of 8.
    static func encode(_ bytes: [UInt8]) -> String {
        precondition(bytes.count % groupSize == 0, "bytes come in groups of \(groupSize)")
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: groupSize) {
            let number = bytes[start..<start + groupSize].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            text += characters(number, count: groupLength)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text; nil if it is none that `encode` makes.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % groupLength == 0 else { return nil }
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            var number: UInt64 = 0
            for character in rest.prefix(groupLength) {
                guard let value = value(of: character) else { return nil }
                let (product, overflow) = number.multipliedReportingOverflow(by: 62)
                let (sum, overflows) = product.addingReportingOverflow(value)
                guard !overflow, !overflows else { return nil }
                number = sum
            }
            bytes += (0..<groupSize).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
            rest = rest.dropFirst(groupLength)
        }
        return bytes
    }

    /// The CRC-32 of a text (ISO-HDLC, as zip has it), by which a slip of the hand or a cut is seen without a secret.
    static func checksum(_ text: String) -> String {
        var crc = UInt32.max
        for byte in text.utf8 {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return String(decoding: characters(UInt64(~crc), count: checksumLength), as: UTF8.self)
    }

    private static func characters(_ number: UInt64, count: Int) -> [UInt8] {
        var (rest, text) = (number, [UInt8](repeating: digits[0], count: count))
        for index in text.indices.reversed() {
            text[index] = digits[Int(rest % 62)]
            rest /= 62
        }
        return text
    }

    private static func value(of character: UInt8) -> UInt64? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(character - UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(character - UInt8(ascii: "A")) + 10
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(character - UInt8(ascii: "a")) + 36
        default: nil
        }
    }
}
