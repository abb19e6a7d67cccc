/// Cuts a page's text into tokens: HTML standard, section 13.2.5.
///
/// Each token is found at once, as text has all arrived. What stands in the source as it is meant stays a range of it;
/// what does not is written behind it, in `decoded`, whose first byte counts as the one behind the source's last.
struct HTMLTokenizer: ~Copyable {
    var text: Column<UInt8>
    var decoded: Column<UInt8>
    var names: NameTable
    var attributeNames: Column<NameID>
    var attributeValues: Column<ByteRange>
    var token = HTMLToken()
    /// The next byte to read.
    var position = 0
    var truncations: PageTruncations = []
    /// The adjusted current node is of SVG or MathML: sections in `CDATA` are text, and NUL counts.
    var isForeign = false

    let limits: ExtractionLimits
    private var scratch = Column<UInt8>()

    init(_ text: consuming Column<UInt8>, limits: ExtractionLimits) {
        self.limits = limits
        decoded = Column(capacity: text.count / 8)
        names = NameTable(limit: limits.names)
        attributeNames = Column(capacity: text.count / 32)
        attributeValues = Column(capacity: text.count / 32)
        self.text = text
    }

    /// Gives the text away; nothing can be read after that.
    mutating func takeText() -> Column<UInt8> { exchange(&text, with: Column()) }

    /// Gives the names away.
    mutating func takeNames() -> NameTable { exchange(&names, with: NameTable(limit: 0)) }

    @inline(__always)
    var end: Int { text.count }

    /// The byte at an index; NUL behind the end.
    @inline(__always)
    func byte(_ index: Int) -> UInt8 { index < text.count ? text[index] : 0 }

    /// Finds the next token.
    mutating func next() {
        while true {
            token.start = position
            guard position < end else {
                token.kind = .end
                token.end = end
                return
            }
            guard text[position] == UInt8(ascii: "<") else { return readText() }
            // `</>` is nothing.
            if byte(position + 1) == UInt8(ascii: "/"), byte(position + 2) == UInt8(ascii: ">"), position + 2 < end {
                position += 3
                continue
            }
            if !markup() { readText() }
            return
        }
    }

    /// Reads what begins with `<`; false if it is text.
    private mutating func markup() -> Bool {
        let next = byte(position + 1)
        if next.isASCIILetter {
            readTag(.startTag, at: position + 1)
            return true
        }
        switch next {
        case UInt8(ascii: "/"):
            let third = byte(position + 2)
            if third.isASCIILetter {
                readTag(.endTag, at: position + 2)
                return true
            }
            guard position + 2 < end else { return false }
            readBogusComment(at: position + 2)
            return true
        case UInt8(ascii: "!"):
            readDeclaration()
            return true
        case UInt8(ascii: "?"):
            readBogusComment(at: position + 1)
            return true
        default: return false
        }
    }

    // MARK: Text

    /// Reads text up to the next markup.
    private mutating func readText() {
        var builder = TextBuilder(start: position)
        var index = position
        while index < end {
            switch text[index] {
            case UInt8(ascii: "<"):
                if !builder.isFirst {
                    let next = byte(index + 1)
                    let isMarkup =
                        next.isASCIILetter || next == UInt8(ascii: "!") || next == UInt8(ascii: "?")
                        || (next == UInt8(ascii: "/") && index + 2 < end)
                    if isMarkup { return finishText(&builder, index) }
                }
                builder.isFirst = false
                index &+= 1
            case UInt8(ascii: "&"):
                index = reference(index, &builder, inAttribute: false, limit: end)
            case 0x0D:
                builder.copy(text, to: &decoded, index)
                decoded.append(0x0A)
                index &+= 1
                if byte(index) == 0x0A, index < end { index &+= 1 }
                builder.rest = index
            case 0:
                builder.copy(text, to: &decoded, index)
                if isForeign { appendReplacement() }
                index &+= 1
                builder.rest = index
            default:
                index &+= 1
            }
            builder.isFirst = false
            // The usual characters.
            index = text.skipPlain(index)
        }
        finishText(&builder, end)
    }

    private mutating func finishText(_ builder: inout TextBuilder, _ index: Int) {
        token.kind = .text
        token.end = index
        token.content = builder.finish(text, &decoded, index)
        position = index
    }

    /// Text that has no markup up to the end tag of a name (`title`, `style`, `script`); the tag comes next.
    mutating func readRawText(endingWith name: [UInt8], hasReferences: Bool) {
        token.start = position
        let stop = name == Self.script ? scriptEnd() : endTag(name, from: position)
        token.kind = .text
        token.end = stop
        token.content = normalized(ByteRange(start: position, length: stop - position), hasReferences: hasReferences)
        position = stop
    }

    private static let script = Array("script".utf8)

    /// All that is left, as text.
    mutating func readPlainText() {
        token.start = position
        token.kind = position < end ? .text : .end
        token.end = end
        token.content = normalized(ByteRange(start: position, length: end - position), hasReferences: false)
        position = end
    }

    private func endTag(_ name: [UInt8], from start: Int) -> Int {
        var index = start
        while index < end {
            if text[index] == UInt8(ascii: "<"), isTag(name, at: index + 1, isEnd: true) { return index }
            index = text.find(UInt8(ascii: "<"), from: index + 1)
        }
        return end
    }

    /// If `/name` (or `name`) and what ends a tag's name stand at an index.
    private func isTag(_ name: [UInt8], at index: Int, isEnd: Bool) -> Bool {
        if isEnd, byte(index) != UInt8(ascii: "/") { return false }
        let start = isEnd ? index + 1 : index
        guard text.hasBytesIgnoringCase(name, at: start) else { return false }
        let after = byte(start + name.count)
        return start + name.count < end
            && (after.isHTMLSpace || after == UInt8(ascii: "/") || after == UInt8(ascii: ">"))
    }

    /// Where a script ends: sections 13.2.5.15 to 13.2.5.31, in which a comment hides the end tag of a script within it.
    private func scriptEnd() -> Int {
        enum State {
            case plain
            case escaped
            case doubleEscaped
        }
        var state = State.plain
        var index = position
        while index < end {
            let current = text[index]
            if current == UInt8(ascii: "<") {
                if state == .plain, text.hasBytes(Self.commentStart, at: index) {
                    state = .escaped
                    // `<!-->` is closed already: the dashes count for both.
                    index += 2
                    continue
                }
                if isTag(Self.script, at: index + 1, isEnd: true) {
                    if state != .doubleEscaped { return index }
                    state = .escaped
                } else if state == .escaped, isTag(Self.script, at: index + 1, isEnd: false) {
                    state = .doubleEscaped
                }
            } else if state != .plain, current == UInt8(ascii: "-"), text.hasBytes(Self.commentEnd, at: index) {
                state = .plain
            }
            index += 1
            if state == .plain { index = text.find(UInt8(ascii: "<"), from: index) }
        }
        return end
    }

    private static let commentStart = Array("<!--".utf8)
    static let commentEnd = Array("-->".utf8)

    // MARK: Decoding

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

    private mutating func appendReplacement() {
        decoded.append(0xEF)
        decoded.append(0xBF)
        decoded.append(0xBD)
    }

    /// Resolves the character reference at an index (section 13.2.5.72), and gives the index behind it.
    private mutating func reference(_ start: Int, _ builder: inout TextBuilder, inAttribute: Bool, limit: Int) -> Int {
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

    // MARK: Tags

    private mutating func readTag(_ kind: HTMLToken.Kind, at start: Int) {
        var index = start
        var hash = NameTable.seed
        var isPlain = true
        while index < end {
            let current = text[index]
            if current.isHTMLSpace || current == UInt8(ascii: "/") || current == UInt8(ascii: ">") { break }
            if current &- 0x41 < 26 || current == 0 { isPlain = false }
            hash = NameTable.mix(hash, current)
            index &+= 1
        }
        token.kind = kind
        token.isSelfClosing = false
        token.name = name(start, index, isPlain: isPlain, hash: hash)
        position = index
        guard readAttributes(isKept: kind == .startTag) else {
            // A tag that does not end is nothing.
            token.kind = .end
            token.end = end
            position = end
            return
        }
        token.end = position
    }

    /// The number of a name in the source, in lower case.
    mutating func name(_ start: Int, _ end: Int, isPlain: Bool, hash: UInt32) -> NameID {
        let name: NameID
        if isPlain {
            name = unsafe text.withUnsafeBuffer { all in
                unsafe names.intern(UnsafeBufferPointer(rebasing: all[start..<end]), hash: hash)
            }
        } else {
            scratch.removeAll()
            for index in start..<end {
                if text[index] == 0 {
                    scratch.append(contentsOf: [0xEF, 0xBF, 0xBD])
                } else {
                    scratch.append(text[index].asciiLowercased)
                }
            }
            name = unsafe scratch.withUnsafeBuffer { unsafe names.intern($0) }
        }
        if name == .none { truncations.insert(.names) }
        return name
    }
}

/// A text that stays a range of the source until something in it has to be written differently.
struct TextBuilder {
    private let start: Int
    /// Where in the source what has not been copied begins.
    var rest: Int
    private var decodedStart: Int?
    /// At the text's first byte, which is text even if it looks like markup.
    var isFirst = true

    init(start: Int) {
        self.start = start
        rest = start
    }

    /// Copies what comes before an index.
    mutating func copy(_ text: borrowing Column<UInt8>, to decoded: inout Column<UInt8>, _ index: Int) {
        if decodedStart == nil { decodedStart = decoded.count }
        decoded.append(from: text, rest..<index)
        rest = index
    }

    /// The range of the whole up to an index.
    mutating func finish(_ text: borrowing Column<UInt8>, _ decoded: inout Column<UInt8>, _ index: Int) -> ByteRange {
        guard let decodedStart else { return ByteRange(start: start, length: index - start) }
        decoded.append(from: text, rest..<index)
        return ByteRange(start: text.count + decodedStart, length: decoded.count - decodedStart)
    }
}

extension Column<UInt8> {
    /// Appends a part of another column.
    mutating func append(from other: borrowing Column<UInt8>, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= other.count, "range out of bounds")
        unsafe other.withUnsafeBuffer { unsafe append(contentsOf: UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// The index of the next `<`, `&`, carriage return or NUL.
    @inline(__always)
    func skipPlain(_ start: Int) -> Int {
        unsafe withUnsafeBuffer { all in
            var index = start
            while index < all.count {
                let byte = unsafe all[index]
                if byte == 0x3C || byte == 0x26 || byte == 0x0D || byte == 0 { return index }
                index &+= 1
            }
            return index
        }
    }
}

/// Puts a value in another's place, and gives that.
private func exchange<Value: ~Copyable>(_ place: inout Value, with value: consuming Value) -> Value {
    let before = place
    place = value
    return before
}
