extension OutputBuffer {
    /// Appends a string in quotes, with the escapes that JSON needs. The bytes must be UTF-8.
    @inline(__always)
    mutating func appendString(_ bytes: UnsafeBufferPointer<UInt8>) throws(TranscodingError) {
        try reserve(bytes.count + 2)
        unsafe cursor.pointee = UInt8(ascii: "\"")
        unsafe cursor += 1
        if let start = bytes.baseAddress {
            let plain = unsafe Self.plainCount(start, bytes.count)
            unsafe copyBytes(cursor, start, plain)
            unsafe cursor += plain
            if plain < bytes.count {
                unsafe try appendEscaped(UnsafeBufferPointer(rebasing: bytes[plain...]))
                return
            }
        }
        unsafe cursor.pointee = UInt8(ascii: "\"")
        unsafe cursor += 1
    }

    /// How many bytes from the start on need no escape.
    @inline(__always)
    private static func plainCount(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var place = 0
        while place + 8 <= count {
            let word = unsafe loadWord(start + place)
            // A byte below 0x20 borrows from its high bit; bytes from 0x80 on are UTF-8 and stay.
            let control = (word &- repeated(0x20)) & ~word & repeated(0x80)
            let special =
                zeroBytes(word ^ repeated(UInt8(ascii: "\""))) | zeroBytes(word ^ repeated(UInt8(ascii: "\\")))
            if control | special != 0 { break }
            place += 8
        }
        while place < count {
            let byte = unsafe start[place]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            place += 1
        }
        return place
    }

    private mutating func appendEscaped(_ bytes: UnsafeBufferPointer<UInt8>) throws(TranscodingError) {
        // Each byte may become six.
        for index in 0..<bytes.count {
            let byte = unsafe bytes[index]
            try reserve(7)
            switch byte {
            case UInt8(ascii: "\""): appendEscape("\"")
            case UInt8(ascii: "\\"): appendEscape("\\")
            case 0x08: appendEscape("b")
            case 0x0C: appendEscape("f")
            case 0x0A: appendEscape("n")
            case 0x0D: appendEscape("r")
            case 0x09: appendEscape("t")
            case 0..<0x20:
                appendEscape("u")
                unsafe writeByte("0", &cursor)
                unsafe writeByte("0", &cursor)
                unsafe writeByte(byte < 0x10 ? "0" : "1", &cursor)
                let low = byte & 0x0F
                unsafe cursor.pointee = low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10
                unsafe cursor += 1
            default:
                unsafe cursor.pointee = byte
                unsafe cursor += 1
            }
        }
        unsafe cursor.pointee = UInt8(ascii: "\"")
        unsafe cursor += 1
    }

    @inline(__always)
    private mutating func appendEscape(_ character: Unicode.Scalar) {
        unsafe cursor[0] = UInt8(ascii: "\\")
        unsafe cursor[1] = UInt8(ascii: character)
        unsafe cursor += 2
    }
}
