/// The insertion modes behind the body and around framesets: HTML standard, sections 13.2.6.4.17 to 13.2.6.4.21.
extension HTMLTreeBuilder {
    mutating func afterBody() -> Bool {
        switch token.kind {
        case .text where leadingSpace(token.content) == Int(token.content.length): return inBody()
        case .comment:
            insertComment(in: open[0])
            return true
        case .doctype: return true
        case .startTag where token.name.known == .html: return inBody()
        case .endTag where token.name.known == .html:
            mode = .afterAfterBody
            return true
        case .end: return true
        default: break
        }
        mode = .inBody
        return false
    }

    mutating func afterAfterBody() -> Bool {
        switch token.kind {
        case .comment:
            insertComment(in: documentNode)
            return true
        case .doctype: return inBody()
        case .text where leadingSpace(token.content) == Int(token.content.length): return inBody()
        case .startTag where token.name.known == .html: return inBody()
        case .end: return true
        default: break
        }
        mode = .inBody
        return false
    }

    /// Of a text within framesets only the white space stays.
    private mutating func insertSpaceOnly() {
        let content = token.content
        var index = content.lower
        while index < content.upper {
            if byte(index).isHTMLSpace {
                insertText(ByteRange(start: index, length: 1), start: token.start, end: token.end)
            }
            index += 1
        }
    }

    mutating func inFrameset() -> Bool {
        switch token.kind {
        case .text: insertSpaceOnly()
        case .comment: insertComment()
        case .startTag:
            switch token.name.known {
            case .html: return inBody()
            case .frameset: insertElement()
            case .frame: insertVoidElement()
            case .noframes: return inHead()
            default: break
            }
        case .endTag where token.name.known == .frameset:
            if open.count > 1 { pop(atEnd: true) }
            if !isCurrent(.frameset) { mode = .afterFrameset }
        default: break
        }
        return true
    }

    mutating func afterFrameset() -> Bool {
        switch token.kind {
        case .text: insertSpaceOnly()
        case .comment: insertComment()
        case .startTag where token.name.known == .html: return inBody()
        case .startTag where token.name.known == .noframes: return inHead()
        case .endTag where token.name.known == .html: mode = .afterAfterFrameset
        default: break
        }
        return true
    }

    mutating func afterAfterFrameset() -> Bool {
        switch token.kind {
        case .comment: insertComment(in: documentNode)
        case .text: insertSpaceOnly()
        case .startTag where token.name.known == .html: return inBody()
        case .startTag where token.name.known == .noframes: return inHead()
        default: break
        }
        return true
    }
}
