/// Texts that are not meant as they are written: HTML standard, sections 13.2.3.5 and 13.2.5.72 to 13.2.5.80.
extension HTMLTokenizer {
    /// A range with line ends as line feeds, NUL replaced, and perhaps character references resolved; the range itself if
    /// it has none of them.
    mutating func normalized(
        _ range: ByteRange, hasReferences: Bool, inAttribute: Bool = false
    ) -> ByteRange {
        var builder = TextBuilder(start: range.lower)
        var index = range.lower
        while index < range.upper {
            let current = text[index]
            if current == 0x0D {
                builder.copy(text, to: &decoded, index)
                decoded.append(0x0A)
                index += 1
                if index < range.upper, text[index] == 0x0A { index += 1 }
                builder.rest = index
            } else if current == 0 {
                builder.copy(text, to: &decoded, index)
                appendReplacement()
                index += 1
                builder.rest = index
            } else if current == UInt8(ascii: "&"), hasReferences {
                index = reference(index, &builder, inAttribute: inAttribute, limit: range.upper)
            } else {
                index &+= 1
            }
        }
        return builder.finish(text, &decoded, range.upper)
    }

    mutating func appendReplacement() {
        decoded.append(0xEF)
        decoded.append(0xBF)
        decoded.append(0xBD)
    }

    /// Resolves the character reference at an index (section 13.2.5.72), and gives the index behind it.
    mutating func reference(_ start: Int, _ builder: inout TextBuilder, inAttribute: Bool, limit: Int) -> Int {
        let first = start + 1 < limit ? text[start + 1] : 0
        if first == UInt8(ascii: "#") { return numericReference(start, &builder, limit: limit) }
        guard first.isASCIILetter || first.isASCIIDigit else { return start + 1 }
        var index = start + 1
        while index < limit, index - start <= CharacterReferences.longestName + 1,
            text[index].isASCIILetter || text[index].isASCIIDigit
        {
            index += 1
        }
        let hasSemicolon = index < limit && text[index] == UInt8(ascii: ";")
        let whole = ByteRange(start: start + 1, length: index - start - 1)
        if hasSemicolon, let found = CharacterReferences.shared.find(whole, in: text, hasSemicolon: true) {
            return write(found, start, behind: index + 1, &builder)
        }
        var length = min(Int(whole.length), CharacterReferences.longestWithoutSemicolon)
        while length >= 2 {
            let name = ByteRange(start: start + 1, length: length)
            if let found = CharacterReferences.shared.find(name, in: text, hasSemicolon: false) {
                let next = name.upper < limit ? text[name.upper] : 0
                if inAttribute, next == UInt8(ascii: "=") || next.isASCIILetter || next.isASCIIDigit { break }
                return write(found, start, behind: name.upper, &builder)
            }
            length -= 1
        }
        return start + 1
    }

    private mutating func numericReference(_ start: Int, _ builder: inout TextBuilder, limit: Int) -> Int {
        var index = start + 2
        let isHexadecimal = index < limit && text[index] | 0x20 == UInt8(ascii: "x")
        if isHexadecimal { index += 1 }
        let digits = index
        var number: UInt32 = 0
        while index < limit {
            guard let digit = text[index].hexadecimalValue, isHexadecimal || digit < 10 else { break }
            number = min(number &* (isHexadecimal ? 16 : 10) &+ digit, 0x11_0000)
            index += 1
        }
        guard index > digits else { return start + 1 }
        if index < limit, text[index] == UInt8(ascii: ";") { index += 1 }
        let scalar = Unicode.Scalar(CharacterReferences.scalar(number)) ?? "\u{FFFD}"
        return write(Array(String(Character(scalar)).utf8), start, behind: index, &builder)
    }

    private mutating func write(_ bytes: [UInt8], _ start: Int, behind index: Int, _ builder: inout TextBuilder) -> Int
    {
        builder.copy(text, to: &decoded, start)
        decoded.append(contentsOf: bytes)
        builder.rest = index
        return index
    }
}
