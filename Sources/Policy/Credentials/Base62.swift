/// Numbers in digits, upper-case and lower-case letters: text that a double click selects whole.
enum Base62 {
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Whether a byte is one of the 62.
    static func contains(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// A number whose bytes are the most significant first, in a fixed number of digits.
    ///
    /// - Returns: nil if the number needs more digits.
    static func encode(_ bytes: [UInt8], digits count: Int) -> [UInt8]? {
        var number = bytes
        var text = [UInt8](repeating: digits[0], count: count)
        for position in text.indices.reversed() {
            var remainder = 0
            for index in number.indices {
                let value = remainder << 8 | Int(number[index])
                number[index] = UInt8(value / 62)
                remainder = value % 62
            }
            text[position] = digits[remainder]
        }
        return number.allSatisfy { $0 == 0 } ? text : nil
    }

    static func encode(_ number: UInt32, digits count: Int) -> [UInt8]? {
        encode((0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) }, digits: count)
    }
}
