/// The text of elements as a reader sees it: white space collapsed, blocks apart, scripts and styles left out.
struct ElementText {
    private(set) var bytes: [UInt8] = []
    /// White space came, which is written before the next character.
    private var owesSpace = false
    private let limit: Int
    private(set) var isCut = false

    init(limit: Int) { self.limit = limit }

    static func whole(_ node: NodeID, _ document: borrowing Document, limit: Int) -> ElementText {
        var text = ElementText(limit: limit)
        let end = document.subtreeEnds[node]
        var next = node
        // Blocks that are open, with their ends: behind each there is a space.
        var blockEnds: [NodeID] = []
        while next < end, !text.isCut {
            while let last = blockEnds.last, last <= next {
                blockEnds.removeLast()
                text.owesSpace = true
            }
            if document.isText(next) {
                text.append(document.contents[next], document.text)
            } else if document.isHTML(next), let name = document.nodeNames[next].known {
                if next != node, name.isUnseen {
                    next = document.subtreeEnds[next]
                    continue
                }
                if name.isBlock {
                    text.owesSpace = true
                    blockEnds.append(document.subtreeEnds[next])
                }
            }
            next &+= 1
        }
        return text
    }

    /// The element's own text nodes; an element between them counts as a space.
    static func own(_ node: NodeID, _ document: borrowing Document, limit: Int) -> ElementText {
        var text = ElementText(limit: limit)
        var child = document.firstChild(node)
        while child != noNode, !text.isCut {
            if document.isText(child) {
                text.append(document.contents[child], document.text)
            } else if document.isElement(child) {
                text.owesSpace = true
            }
            child = document.nextSibling(child)
        }
        return text
    }

    private mutating func append(_ range: ByteRange, _ text: borrowing Column<UInt8>) {
        var index = range.lower
        let end = range.upper
        // What fills the bound is whole; a byte more tells that it is not.
        while index < end, bytes.count <= limit {
            let byte = text[index]
            if byte < 0x80 {
                if byte.isHTMLSpace || byte == 0x0B || (byte >= 0x1C && byte <= 0x1F) {
                    owesSpace = true
                } else {
                    write(byte)
                }
                index &+= 1
                continue
            }
            let space = Self.spaceLength(text, index, end)
            if space > 0 {
                owesSpace = true
                index &+= space
            } else {
                write(byte)
                index &+= 1
            }
        }
        if bytes.count > limit { cut() }
    }

    /// Ends the text within the bound, and not inside a character.
    private mutating func cut() {
        isCut = true
        bytes.removeLast(bytes.count - limit)
        guard let start = bytes.lastIndex(where: { $0 & 0xC0 != 0x80 }), bytes[start] >= 0x80 else { return }
        let wanted = bytes[start] >= 0xF0 ? 4 : bytes[start] >= 0xE0 ? 3 : 2
        if bytes.count - start < wanted { bytes.removeSubrange(start...) }
    }

    @inline(__always)
    private mutating func write(_ byte: UInt8) {
        if owesSpace {
            owesSpace = false
            if !bytes.isEmpty { bytes.append(0x20) }
        }
        bytes.append(byte)
    }

    /// The length of a white space character beyond ASCII (Unicode's White_Space), else 0.
    private static func spaceLength(_ text: borrowing Column<UInt8>, _ index: Int, _ end: Int) -> Int {
        let first = text[index]
        guard index + 1 < end else { return 0 }
        let second = text[index + 1]
        if first == 0xC2 { return second == 0xA0 || second == 0x85 ? 2 : 0 }
        guard first == 0xE1 || first == 0xE2 || first == 0xE3, index + 2 < end else { return 0 }
        let third = text[index + 2]
        switch (first, second) {
        case (0xE1, 0x9A): return third == 0x80 ? 3 : 0
        case (0xE2, 0x80): return third <= 0x8A || third == 0xA8 || third == 0xA9 || third == 0xAF ? 3 : 0
        case (0xE2, 0x81): return third == 0x9F ? 3 : 0
        case (0xE3, 0x80): return third == 0x80 ? 3 : 0
        default: return 0
        }
    }
}

extension KnownName {
    /// If what an element contains is no text of the page.
    var isUnseen: Bool {
        switch self {
        case .script, .style, .template: true
        default: false
        }
    }

    /// If an element stands apart from what is around it: HTML standard, section 15.3.
    var isBlock: Bool {
        switch self {
        case .address, .article, .aside, .blockquote, .body, .br, .caption, .center, .dd, .details, .dialog, .dir, .div,
            .dl, .dt, .fieldset, .figcaption, .figure, .footer, .form, .frameset, .h1, .h2, .h3, .h4, .h5, .h6, .header,
            .hgroup, .hr, .html, .legend, .li, .listing, .main, .menu, .nav, .ol, .optgroup, .option, .p, .plaintext,
            .pre, .search, .section, .summary, .table, .tbody, .td, .tfoot, .th, .thead, .title, .tr, .ul, .xmp:
            true
        default: false
        }
    }
}
