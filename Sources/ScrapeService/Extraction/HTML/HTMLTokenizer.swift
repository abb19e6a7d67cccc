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
    mutating func takeNames() -> NameTable { exchange(&names, with: NameTable.empty()) }

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

/// Puts a value in another's place, and gives that.
private func exchange<Value: ~Copyable>(_ place: inout Value, with value: consuming Value) -> Value {
    let before = place
    place = value
    return before
}
