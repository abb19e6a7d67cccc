/// Which bytes are UTF-8: the Unicode Standard, table 3-7.
enum UTF8Check {
    static func isValid(_ bytes: [UInt8]) -> Bool { isValid(bytes[...]) }

    static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBytes { all in
            let end = all.count
            var index = 0
            while index < end {
                // Eight characters of ASCII at once.
                while index + 8 <= end,
                    unsafe all.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    index += 8
                }
                guard index < end else { break }
                if unsafe all[index] < 0x80 {
                    index += 1
                    continue
                }
                let length = unsafe length(UnsafeRawBufferPointer(rebasing: all[index..<min(index + 4, end)]))
                guard length > 0 else { return false }
                index += length
            }
            return true
        }
    }

    /// The length of the character that begins here; negative for the length of what is no character, at least 1.
    static func length(_ bytes: UnsafeRawBufferPointer) -> Int {
        let first = unsafe bytes[0]
        if first < 0x80 { return 1 }
        let wanted = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first <= 0xF4 else { return -1 }
        for index in 1..<wanted {
            guard index < bytes.count else { return -index }
            let next = unsafe bytes[index]
            var lowest: UInt8 = 0x80
            var highest: UInt8 = 0xBF
            if index == 1 {
                switch first {
                case 0xE0: lowest = 0xA0
                case 0xED: highest = 0x9F
                case 0xF0: lowest = 0x90
                case 0xF4: highest = 0x8F
                default: break
                }
            }
            guard next >= lowest, next <= highest else { return -index }
        }
        return wanted
    }
}
