/// The insertion modes before the body: HTML standard, sections 13.2.6.4.1 to 13.2.6.4.6.
extension HTMLTreeBuilder {
    /// Takes the present token.
    mutating func process() {
        var token = token
        if skipsLineFeed {
            skipsLineFeed = false
            if token.kind == .text, token.content.length > 0, byte(token.content.lower) == 0x0A {
                token.content = ByteRange(start: token.content.lower + 1, length: Int(token.content.length) - 1)
                tokenizer.token = token
                if token.content.length == 0 { return }
            }
        }
        if token.kind == .endTag, mode != .text, let last = flattened.last, last == token.name {
            flattened.removeLast()
            return
        }
        while !isFull {
            let isDone = usesForeignRules() ? processForeign() : process(in: mode)
            if isDone { return }
        }
    }

    /// If the present token goes by the rules for SVG and MathML: section 13.2.6.
    private mutating func usesForeignRules() -> Bool {
        guard open.count > 0, !tree.isHTML(current), token.kind != .end else { return false }
        let node = current
        let isStart = token.kind == .startTag
        let isText = token.kind == .text
        if tree.nodes[node].traits.contains(.scope) {
            let name = tree.nodes[node].name.known
            if tree.namespace(node) == .mathML {
                if name == .annotationXml {
                    if isStart, token.name.known == .svg { return false }
                    if isHTMLIntegrationPoint(node), isStart || isText { return false }
                } else if isText || (isStart && token.name.known != .mglyph && token.name.known != .malignmark) {
                    return false
                }
            } else if isStart || isText {
                return false
            }
        }
        return true
    }

    /// Takes the present token by a mode's rules; false to have it taken again, in the mode that is set now.
    mutating func process(in mode: Mode) -> Bool {
        switch mode {
        case .initial: initial()
        case .beforeHTML: beforeHTML()
        case .beforeHead: beforeHead()
        case .inHead: inHead()
        case .inHeadNoscript: inHeadNoscript()
        case .afterHead: afterHead()
        case .inBody: inBody()
        case .text: text()
        case .inTable: inTable()
        case .inTableText: inTableText()
        case .inCaption: inCaption()
        case .inColumnGroup: inColumnGroup()
        case .inTableBody: inTableBody()
        case .inRow: inRow()
        case .inCell: inCell()
        case .inTemplate: inTemplate()
        case .afterBody: afterBody()
        case .inFrameset: inFrameset()
        case .afterFrameset: afterFrameset()
        case .afterAfterBody: afterAfterBody()
        case .afterAfterFrameset: afterAfterFrameset()
        }
    }

    private mutating func initial() -> Bool {
        switch token.kind {
        case .text: if !takeLeadingSpace(inserting: false) { return true }
        case .comment:
            insertComment(in: documentNode)
            return true
        case .doctype:
            isQuirks = token.isQuirks
            mode = .beforeHTML
            return true
        default: break
        }
        isQuirks = true
        mode = .beforeHTML
        return false
    }

    private mutating func beforeHTML() -> Bool {
        switch token.kind {
        case .doctype: return true
        case .comment:
            insertComment(in: documentNode)
            return true
        case .text: if !takeLeadingSpace(inserting: false) { return true }
        case .startTag where token.name.known == .html:
            insertElement()
            mode = .beforeHead
            return true
        case .endTag:
            switch token.name.known {
            case .head, .body, .html, .br: break
            default: return true
            }
        default: break
        }
        insertImplied(.html)
        mode = .beforeHead
        return false
    }

    private mutating func beforeHead() -> Bool {
        switch token.kind {
        case .text: if !takeLeadingSpace(inserting: false) { return true }
        case .comment:
            insertComment()
            return true
        case .doctype: return true
        case .startTag where token.name.known == .html: return inBody()
        case .startTag where token.name.known == .head:
            head = insertElement()
            mode = .inHead
            return true
        case .endTag:
            switch token.name.known {
            case .head, .body, .html, .br: break
            default: return true
            }
        default: break
        }
        head = insertImplied(.head)
        mode = .inHead
        return false
    }

    mutating func inHead() -> Bool {
        switch token.kind {
        case .text: if !takeLeadingSpace(inserting: true) { return true }
        case .comment:
            insertComment()
            return true
        case .doctype: return true
        case .startTag:
            switch token.name.known {
            case .html: return inBody()
            case .base, .basefont, .bgsound, .link, .meta:
                insertVoidElement()
                return true
            case .title:
                readRawText(hasReferences: true)
                return true
            case .noframes, .style:
                readRawText(hasReferences: false)
                return true
            case .noscript:
                insertElement()
                mode = .inHeadNoscript
                return true
            case .script:
                readRawText(hasReferences: false)
                return true
            case .template:
                openTemplate()
                return true
            case .head: return true
            default: break
            }
        case .endTag:
            switch token.name.known {
            case .head:
                pop(atEnd: true)
                mode = .afterHead
                return true
            case .template:
                closeTemplate()
                return true
            case .body, .html, .br: break
            default: return true
            }
        case .end: break
        }
        pop()
        mode = .afterHead
        return false
    }

    /// Inserts an element whose text has no markup, and its text.
    mutating func readRawText(hasReferences: Bool) {
        let before = open.count
        let name = token.name
        insertElement()
        guard let known = name.known else { return }
        tokenizer.readRawText(endingWith: Array(known.text.utf8), hasReferences: hasReferences)
        if open.count == before {
            // Too deep to be opened: its text goes, too.
            _ = flattened.popLast()
            if tokenizer.position < tokenizer.end { tokenizer.next() }
            tokenizer.token.kind = .text
            return
        }
        insertText(token.content, start: token.start, end: token.end)
        originalMode = mode
        mode = .text
    }

    private mutating func text() -> Bool {
        // The text has been read; what comes is its end tag, or the end of all.
        pop(atEnd: token.kind == .endTag)
        mode = originalMode
        return token.kind == .endTag
    }

    mutating func openTemplate() {
        insertElement()
        formatting.append(noNode)
        framesetOK = false
        mode = .inTemplate
        templateModes.append(.inTemplate)
    }

    mutating func closeTemplate() {
        guard hasOpen(.template) else { return }
        generateImpliedEndTags(thoroughly: true)
        popThrough(.template)
        clearFormattingToMarker()
        _ = templateModes.popLast()
        resetMode()
    }

    private mutating func inHeadNoscript() -> Bool {
        switch token.kind {
        case .doctype: return true
        case .comment: return inHead()
        case .text:
            if leadingSpace(token.content) == Int(token.content.length) { return inHead() }
        case .startTag:
            switch token.name.known {
            case .html: return inBody()
            case .basefont, .bgsound, .link, .meta, .noframes, .style: return inHead()
            case .head, .noscript: return true
            default: break
            }
        case .endTag:
            switch token.name.known {
            case .noscript:
                pop(atEnd: true)
                mode = .inHead
                return true
            case .br: break
            default: return true
            }
        case .end: break
        }
        pop()
        mode = .inHead
        return false
    }

    private mutating func afterHead() -> Bool {
        switch token.kind {
        case .text: if !takeLeadingSpace(inserting: true) { return true }
        case .comment:
            insertComment()
            return true
        case .doctype: return true
        case .startTag:
            switch token.name.known {
            case .html: return inBody()
            case .body:
                insertElement()
                framesetOK = false
                mode = .inBody
                return true
            case .frameset:
                insertElement()
                mode = .inFrameset
                return true
            case .base, .basefont, .bgsound, .link, .meta, .noframes, .script, .style, .template, .title:
                open.append(head)
                let isDone = inHead()
                if let index = stackIndex(head) { open.remove(at: index) }
                return isDone
            case .head: return true
            default: break
            }
        case .endTag:
            switch token.name.known {
            case .template: return inHead()
            case .body, .html, .br: break
            default: return true
            }
        case .end: break
        }
        insertImplied(.body)
        mode = .inBody
        return false
    }
}
