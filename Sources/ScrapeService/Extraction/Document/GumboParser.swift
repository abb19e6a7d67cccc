import CGumbo

/// Fills documents through gumbo.
///
/// Gumbo's time grows with the product of nodes and depth, and it has no limits of its own. So text that opens elements
/// beyond the depth allowed is not given to it, and its memory is bounded (see CGumbo).
struct GumboParser: DocumentParser {
    func parse(_ text: consuming Column<UInt8>, limits: ExtractionLimits) -> Document {
        let length = Self.lengthWithinDepth(text, limits.depth)
        let isCut = length < text.count
        var document = Document(text: text, limits: limits)
        if isCut { document.truncations.insert(.depth) }
        // The tree points into its text, which the document adds to: so the tree gets a copy.
        let source = UnsafeMutableBufferPointer<CChar>.allocate(capacity: length + 1)
        defer { unsafe source.deallocate() }
        unsafe document.text.withUnsafeBuffer { all in
            for index in 0..<length { unsafe source[index] = CChar(bitPattern: all[index]) }
        }
        guard
            let start = source.baseAddress,
            let parse = unsafe datavault_gumbo_parse(start, length, limits.parserMemory)
        else {
            document.truncations.insert(.parserMemory)
            return document
        }
        defer { unsafe datavault_gumbo_free(parse) }
        guard let output = unsafe parse.pointee.output, let top = unsafe output.pointee.document else {
            document.truncations.insert(.parserMemory)
            return document
        }
        document.isQuirks = unsafe top.pointee.v.document.doc_type_quirks_mode == GUMBO_DOCTYPE_QUIRKS
        var filler = unsafe GumboFiller(source: UnsafePointer(start), length: length, limits: limits)
        unsafe filler.fill(&document, from: top)
        return document
    }

    /// How much of a text stays within a depth if each start tag opened an element until its end tag, those left out
    /// whose end is implied so often that they would count wrongly.
    private static func lengthWithinDepth(_ text: borrowing Column<UInt8>, _ limit: Int) -> Int {
        var depth = 0
        var index = 0
        let end = text.count
        while index + 1 < end {
            guard text[index] == UInt8(ascii: "<") else {
                index += 1
                continue
            }
            let next = text[index + 1]
            if next.isASCIILetter {
                if !impliesEnd(text, index + 1) { depth += 1 }
                if depth > limit { return index }
            } else if next == UInt8(ascii: "/"), index + 2 < end, text[index + 2].isASCIILetter {
                if !impliesEnd(text, index + 2), depth > 0 { depth -= 1 }
            }
            index += 2
        }
        return end
    }

    private static func impliesEnd(_ text: borrowing Column<UInt8>, _ start: Int) -> Bool {
        var end = start
        while end < text.count, end - start < 9, text[end].isASCIILetter || text[end].isASCIIDigit { end += 1 }
        let range = ByteRange(start: start, length: end - start)
        return namesWithoutEnd.contains { text.equalsIgnoringCase(range, $0) }
    }

    /// Void elements, and those whose end tags pages leave out.
    private static let namesWithoutEnd: [[UInt8]] = [
        "p", "br", "li", "img", "td", "tr", "th", "dt", "dd", "hr", "input", "meta", "link", "area", "base", "col",
        "embed", "param", "source", "track", "wbr", "option", "optgroup", "body", "html", "head", "tbody", "thead",
        "tfoot", "colgroup", "rp", "rt", "frame",
    ].map { Array($0.utf8) }
}

extension Column<UInt8> {
    /// If a range holds these bytes, letters of ASCII in either case; the wanted ones are in lower case.
    func equalsIgnoringCase(_ range: ByteRange, _ lowercased: [UInt8]) -> Bool {
        range.length == lowercased.count && hasBytesIgnoringCase(lowercased, at: range.lower)
    }
}
