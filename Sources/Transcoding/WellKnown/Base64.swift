/// Base64 of both alphabets (RFC 4648, sections 4 and 5), padded or not.
enum Base64 {
    private static let invalid: UInt8 = 0xFF

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: invalid, count: 256)
        for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
        values[Int(UInt8(ascii: "-"))] = 62
        values[Int(UInt8(ascii: "_"))] = 63
        return values
    }()

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Decodes to a place that may be the text's own, and returns how many bytes there are; nil where it is not base64.
    static func decode(
        _ text: UnsafePointer<UInt8>, _ textCount: Int, to target: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var count = textCount
        if count % 4 == 0, count > 0, unsafe text[count - 1] == UInt8(ascii: "=") {
            unsafe count -= text[count - 2] == UInt8(ascii: "=") ? 2 : 1
        }
        guard count % 4 != 1 else { return nil }
        return unsafe values.withUnsafeBufferPointer { values in
            var source = 0
            var written = 0
            while source + 4 <= count {
                let a = unsafe values[Int(text[source])]
                let b = unsafe values[Int(text[source + 1])]
                let c = unsafe values[Int(text[source + 2])]
                let d = unsafe values[Int(text[source + 3])]
                guard (a | b | c | d) < 64 else { return nil }
                unsafe target[written] = a << 2 | b >> 4
                unsafe target[written + 1] = b << 4 | c >> 2
                unsafe target[written + 2] = c << 6 | d
                source += 4
                written += 3
            }
            if source < count {
                let a = unsafe values[Int(text[source])]
                let b = unsafe values[Int(text[source + 1])]
                let c = unsafe source + 2 < count ? values[Int(text[source + 2])] : 0
                guard (a | b | c) < 64 else { return nil }
                unsafe target[written] = a << 2 | b >> 4
                written += 1
                if source + 2 < count {
                    unsafe target[written] = b << 4 | c >> 2
                    written += 1
                }
            }
            return written
        }
    }

    /// Bytes of the text of `count` bytes.
    static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Encodes with the standard alphabet and padding, and returns the end of what was written.
    static func encode(_ bytes: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>)
        -> UnsafeMutablePointer<UInt8>
    {
        unsafe alphabet.withUnsafeBufferPointer { alphabet in
            var target = unsafe target
            var source = 0
            while source + 3 <= bytes.count {
                let word =
                    unsafe UInt32(bytes[source]) << 16 | UInt32(bytes[source + 1]) << 8 | UInt32(bytes[source + 2])
                unsafe target[0] = unsafe alphabet[Int(word >> 18)]
                unsafe target[1] = unsafe alphabet[Int(word >> 12 & 63)]
                unsafe target[2] = unsafe alphabet[Int(word >> 6 & 63)]
                unsafe target[3] = unsafe alphabet[Int(word & 63)]
                source += 3
                unsafe target += 4
            }
            guard source < bytes.count else { return unsafe target }
            let hasTwo = source + 1 < bytes.count
            let word = unsafe UInt32(bytes[source]) << 16 | (hasTwo ? UInt32(bytes[source + 1]) << 8 : 0)
            unsafe target[0] = unsafe alphabet[Int(word >> 18)]
            unsafe target[1] = unsafe alphabet[Int(word >> 12 & 63)]
            unsafe target[2] = unsafe hasTwo ? alphabet[Int(word >> 6 & 63)] : UInt8(ascii: "=")
            unsafe target[3] = UInt8(ascii: "=")
            return unsafe target + 4
        }
    }
}
