/// A page's text in UTF-8, whatever its body is in.
struct PageText: ~Copyable {
    var text: Column<UInt8>
    let charset: Charset
    let source: CharsetSource
    /// Sequences that the encoding does not have, each U+FFFD in the text.
    let replacements: Int
    /// What to add to an index in the text for one in the body; nil where the text is not the body.
    let bodyOffset: Int?
    let isCut: Bool

    init(_ page: PageInput, limit: Int) {
        let detected = CharsetDetector(page.bytes, contentType: page.contentType)
        charset = detected.charset
        source = detected.source
        let mark = detected.markLength
        switch detected.charset {
        case .utf8:
            var end = page.bytes.count
            if end - mark > limit {
                // Not inside a character.
                end = mark + limit
                while end > mark, page.bytes[end] & 0xC0 == 0x80 { end -= 1 }
            }
            isCut = end < page.bytes.count
            if detected.source == .fallback || UTF8Check.isValid(page.bytes[mark..<end]) {
                text = Self.copy(page.bytes[mark..<end])
                replacements = 0
                bodyOffset = mark
            } else {
                var decoder = TextDecoder(limit: limit)
                decoder.decodeUTF8(page.bytes[mark..<end])
                text = Column(decoder.output)
                replacements = decoder.replacements
                bodyOffset = nil
            }
        default:
            var decoder = TextDecoder(limit: limit)
            decoder.decode(page.bytes[mark...], as: detected.charset)
            text = Column(decoder.output)
            replacements = decoder.replacements
            isCut = decoder.isCut
            bodyOffset = nil
        }
    }

    /// Gives the text away.
    consuming func takeText() -> Column<UInt8> { text }

    private static func copy(_ bytes: ArraySlice<UInt8>) -> Column<UInt8> {
        // Decoded texts come behind the page.
        var text = Column<UInt8>(capacity: bytes.count * 5 / 4)
        unsafe bytes.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
        return text
    }
}
