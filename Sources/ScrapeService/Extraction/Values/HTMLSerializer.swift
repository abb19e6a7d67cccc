/// Writes elements as HTML: HTML standard, section 13.3.
struct HTMLSerializer {
    private(set) var bytes: [UInt8] = []
    private let limit: Int
    private(set) var isCut = false

    init(limit: Int) { self.limit = limit }

    mutating func writeOuter(_ node: NodeID, _ document: borrowing Document) {
        write(from: node, to: document.subtreeEnds[node], document)
    }

    mutating func writeInner(_ node: NodeID, _ document: borrowing Document) {
        write(from: node + 1, to: document.subtreeEnds[node], document)
    }

    private mutating func write(from first: NodeID, to end: NodeID, _ document: borrowing Document) {
        var open: [NodeID] = []
        var node = first
        while true {
            while let last = open.last, document.subtreeEnds[last] <= node {
                open.removeLast()
                bytes += Array("</".utf8)
                document.names.append(document.nodeNames[last], to: &bytes)
                bytes.append(UInt8(ascii: ">"))
            }
            guard node < end else { return }
            guard bytes.count <= limit else {
                isCut = true
                return
            }
            if document.isText(node) {
                writeText(node, document)
            } else if document.isComment(node) {
                bytes += Array("<!--".utf8)
                writeRaw(document.contents[node], document.text)
                bytes += Array("-->".utf8)
            } else {
                writeStartTag(node, document)
                let isVoid = document.isHTML(node) && (document.nodeNames[node].known?.isVoid ?? false)
                if !isVoid { open.append(node) }
            }
            node += 1
        }
    }

    private mutating func writeStartTag(_ node: NodeID, _ document: borrowing Document) {
        bytes.append(UInt8(ascii: "<"))
        document.names.append(document.nodeNames[node], to: &bytes)
        for index in document.attributes(node) {
            bytes.append(UInt8(ascii: " "))
            document.names.append(document.attributeNames[index], to: &bytes)
            bytes += Array("=\"".utf8)
            writeEscaped(document.attributeValues[index], document.text, inAttribute: true)
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: ">"))
    }

    private mutating func writeText(_ node: NodeID, _ document: borrowing Document) {
        let parent = document.parents[node]
        if document.isHTML(parent), document.nodeNames[parent].known?.hasRawText ?? false {
            writeRaw(document.contents[node], document.text)
        } else {
            writeEscaped(document.contents[node], document.text, inAttribute: false)
        }
    }

    private mutating func writeRaw(_ range: ByteRange, _ text: borrowing Column<UInt8>) {
        for index in range.lower..<range.upper { bytes.append(text[index]) }
    }

    private mutating func writeEscaped(_ range: ByteRange, _ text: borrowing Column<UInt8>, inAttribute: Bool) {
        var index = range.lower
        while index < range.upper {
            let byte = text[index]
            index += 1
            switch byte {
            case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
            case UInt8(ascii: "\"") where inAttribute: bytes += Array("&quot;".utf8)
            case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
            case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
            case 0xC2 where index < range.upper && text[index] == 0xA0:
                bytes += Array("&nbsp;".utf8)
                index += 1
            default: bytes.append(byte)
            }
        }
    }
}

extension KnownName {
    /// If an element has no content and no end tag.
    var isVoid: Bool {
        switch self {
        case .area, .base, .basefont, .bgsound, .br, .col, .embed, .frame, .hr, .img, .input, .keygen, .link, .meta,
            .param,
            .source, .track, .wbr:
            true
        default: false
        }
    }

    /// If an element's text is written as it is.
    var hasRawText: Bool {
        switch self {
        case .style, .script, .xmp, .iframe, .noembed, .noframes, .plaintext: true
        default: false
        }
    }
}
