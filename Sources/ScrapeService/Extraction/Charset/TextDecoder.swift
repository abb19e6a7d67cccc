import Foundation

/// Turns bytes of an encoding into UTF-8, with U+FFFD for what the encoding does not have.
struct TextDecoder {
    private(set) var output: [UInt8] = []
    private(set) var replacements = 0
    private(set) var isCut = false
    /// The most bytes of output.
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func decode(_ bytes: ArraySlice<UInt8>, as charset: Charset) {
        output.reserveCapacity(min(bytes.count + bytes.count / 4, limit))
        switch charset {
        case .utf8: decodeUTF8(bytes)
        case .utf16(let isBigEndian): decodeUTF16(bytes, isBigEndian)
        case .windows1252: decodeWindows1252(bytes)
        case .userDefined:
            for byte in bytes where hasRoom() { append(byte < 0x80 ? UInt32(byte) : 0xF700 + UInt32(byte)) }
        case .replacement: if !bytes.isEmpty { appendReplacement() }
        case .iconv(let name, let iconvName): decodeByIconv(bytes, name: name, iconvName)
        }
    }

    mutating func decodeUTF8(_ bytes: ArraySlice<UInt8>) {
        unsafe bytes.withUnsafeBytes { all in
            var index = 0
            while index < all.count, hasRoom() {
                let window = unsafe UnsafeRawBufferPointer(rebasing: all[index..<min(index + 4, all.count)])
                let length = unsafe UTF8Check.length(window)
                if length > 0 {
                    for offset in 0..<length { output.append(unsafe window[offset]) }
                } else {
                    appendReplacement()
                }
                index += abs(length)
            }
        }
    }

    private mutating func decodeUTF16(_ bytes: ArraySlice<UInt8>, _ isBigEndian: Bool) {
        var high: UInt32?
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex, hasRoom() {
            let first = UInt32(bytes[index])
            let second = UInt32(bytes[index + 1])
            let unit = isBigEndian ? first << 8 | second : second << 8 | first
            index += 2
            if let lead = high {
                high = nil
                if unit & 0xFC00 == 0xDC00 {
                    append(0x1_0000 + (lead & 0x3FF) << 10 + unit & 0x3FF)
                    continue
                }
                appendReplacement()
            }
            if unit & 0xFC00 == 0xD800 {
                high = unit
            } else if unit & 0xFC00 == 0xDC00 {
                appendReplacement()
            } else {
                append(unit)
            }
        }
        if high != nil || (index < bytes.endIndex && !isCut) { appendReplacement() }
    }

    private mutating func decodeWindows1252(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes where hasRoom() {
            append(byte & 0xE0 == 0x80 ? UInt32(Self.windows1252[Int(byte) - 0x80]) : UInt32(byte))
        }
    }

    /// The characters of 0x80 to 0x9F: Encoding Standard, index windows-1252.
    private static let windows1252: [UInt16] = [
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D,
        0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x009D, 0x017E, 0x0178,
    ]

    private mutating func decodeByIconv(_ bytes: ArraySlice<UInt8>, name: String, _ iconvName: String) {
        let converter = unsafe iconv_open("UTF-8", iconvName)
        // iconv answers -1 as a pointer for an encoding that it does not have.
        guard Int(bitPattern: converter) != -1 else {
            isCut = true
            appendReplacement()
            return
        }
        defer { unsafe iconv_close(converter) }
        // Windows' encodings have controls where iconv has nothing.
        let keepsControls = name.hasPrefix("windows-")
        var input = Array(bytes).map { CChar(bitPattern: $0) }
        var chunk = [CChar](repeating: 0, count: 1 << 16)
        unsafe input.withUnsafeMutableBufferPointer { source in
            var next = source.baseAddress
            var left = source.count
            while left > 0, hasRoom() {
                let before = left
                let room = min(chunk.count, limit - output.count)
                let (written, failure) = unsafe chunk.withUnsafeMutableBufferPointer { target in
                    var free = room
                    var place = target.baseAddress
                    let result = unsafe iconv(converter, &next, &left, &place, &free)
                    // The error is -1 in a type without a sign, which Swift takes for one with a sign.
                    return (room - free, result == -1 ? errno : 0)
                }
                for index in 0..<written { output.append(UInt8(bitPattern: chunk[index])) }
                // What needs more room than is left is cut off.
                if failure == E2BIG, written == 0, left == before {
                    isCut = true
                    break
                }
                guard failure == EILSEQ || failure == EINVAL, left > 0, hasRoom(), let byte = unsafe next?.pointee
                else {
                    continue
                }
                if keepsControls, UInt8(bitPattern: byte) & 0xE0 == 0x80 {
                    append(UInt32(UInt8(bitPattern: byte)))
                } else {
                    appendReplacement()
                }
                unsafe next = next?.advanced(by: 1)
                left -= 1
                if failure == EINVAL { break }
            }
        }
    }

    private mutating func hasRoom() -> Bool {
        if output.count + 4 <= limit { return true }
        isCut = true
        return false
    }

    private mutating func appendReplacement() {
        replacements += 1
        append(0xFFFD)
    }

    /// Appends a character, where there is room for any.
    private mutating func append(_ scalar: UInt32) {
        guard hasRoom() else { return }
        switch scalar {
        case 0..<0x80: output.append(UInt8(scalar))
        case 0x80..<0x800:
            output.append(0xC0 | UInt8(scalar >> 6))
            output.append(0x80 | UInt8(scalar & 0x3F))
        case 0x800..<0x1_0000:
            output.append(0xE0 | UInt8(scalar >> 12))
            output.append(0x80 | UInt8(scalar >> 6 & 0x3F))
            output.append(0x80 | UInt8(scalar & 0x3F))
        default:
            output.append(0xF0 | UInt8(scalar >> 18))
            output.append(0x80 | UInt8(scalar >> 12 & 0x3F))
            output.append(0x80 | UInt8(scalar >> 6 & 0x3F))
            output.append(0x80 | UInt8(scalar & 0x3F))
        }
    }
}
