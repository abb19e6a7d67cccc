/// The body: HTML standard, section 13.2.6.4.7.
extension HTMLTreeBuilder {
    mutating func inBody() -> Bool {
        switch token.kind {
        case .text:
            reconstructFormatting()
            if framesetOK, leadingSpace(token.content) < Int(token.content.length) { framesetOK = false }
            insertText(token.content, start: token.start, end: token.end)
        case .comment: insertComment()
        case .doctype: break
        case .startTag: return startTagInBody()
        case .endTag: return endTagInBody()
        case .end:
            if !templateModes.isEmpty { return inTemplate() }
        }
        return true
    }

    private mutating func startTagInBody() -> Bool {
        guard let name = token.name.known else {
            reconstructFormatting()
            insertElement()
            return true
        }
        switch name {
        case .html:
            if !hasOpen(.template) { addAttributes(to: open[0]) }
        case .base, .basefont, .bgsound, .link, .meta, .noframes, .script, .style, .template, .title: return inHead()
        case .body:
            if open.count > 1, tree.isHTML(open[1], .body), !hasOpen(.template) {
                framesetOK = false
                addAttributes(to: open[1])
            }
        case .frameset:
            guard open.count > 1, tree.isHTML(open[1], .body), framesetOK else { return true }
            tree.detach(open[1])
            while open.count > 1 { pop() }
            insertElement()
            mode = .inFrameset
        case .address, .article, .aside, .blockquote, .center, .details, .dialog, .dir, .div, .dl, .fieldset,
            .figcaption,
            .figure, .footer, .header, .hgroup, .main, .menu, .nav, .ol, .p, .search, .section, .summary, .ul:
            closeParagraph()
            insertElement()
        case .h1, .h2, .h3, .h4, .h5, .h6:
            closeParagraph()
            if tree.nodes[current].traits.contains(.heading) { pop() }
            insertElement()
        case .pre, .listing:
            closeParagraph()
            insertElement()
            skipsLineFeed = true
            framesetOK = false
        case .form:
            let hasTemplate = hasOpen(.template)
            if form != noNode, !hasTemplate { return true }
            closeParagraph()
            let node = insertElement()
            if !hasTemplate { form = node }
        case .li: openItem(.li)
        case .dd, .dt: openDescription()
        case .plaintext:
            closeParagraph()
            insertElement()
            tokenizer.readPlainText()
            if token.kind == .text { insertText(token.content, start: token.start, end: token.end) }
            tokenizer.token.kind = .text
        case .button:
            if isInScope(.button) {
                generateImpliedEndTags()
                popThrough(.button)
            }
            reconstructFormatting()
            insertElement()
            framesetOK = false
        case .a:
            let open = lastFormatting(NameID(.a))
            if open != noNode {
                adoptionAgency(NameID(.a))
                removeFormatting(open)
                removeFromStack(open)
            }
            openFormatting()
        case .b, .big, .code, .em, .font, .i, .s, .small, .strike, .strong, .tt, .u: openFormatting()
        case .nobr:
            reconstructFormatting()
            if isInScope(.nobr) {
                adoptionAgency(NameID(.nobr))
                reconstructFormatting()
            }
            pushFormatting(insertElement())
        case .applet, .marquee, .object:
            reconstructFormatting()
            insertElement()
            formatting.append(noNode)
            framesetOK = false
        case .table:
            if !isQuirks { closeParagraph() }
            insertElement()
            framesetOK = false
            mode = .inTable
        case .area, .br, .embed, .img, .keygen, .wbr:
            reconstructFormatting()
            insertVoidElement()
            framesetOK = false
        case .input:
            if isInScope(.select) { popThrough(.select) }
            reconstructFormatting()
            let isHidden = isHiddenInput()
            insertVoidElement()
            if !isHidden { framesetOK = false }
        case .param, .source, .track: insertVoidElement()
        case .hr:
            closeParagraph()
            if isInScope(.select) { generateImpliedEndTags() }
            insertVoidElement()
            framesetOK = false
        case .image:
            tokenizer.token.name = NameID(.img)
            return false
        case .textarea:
            skipsLineFeed = true
            framesetOK = false
            readTextarea()
        case .xmp:
            closeParagraph()
            reconstructFormatting()
            framesetOK = false
            readRawText(hasReferences: false)
        case .iframe:
            framesetOK = false
            readRawText(hasReferences: false)
        case .noembed: readRawText(hasReferences: false)
        case .select:
            // Selects are not nested: one within another ends that.
            if isInScope(.select) {
                popThrough(.select)
                return true
            }
            reconstructFormatting()
            insertElement()
            framesetOK = false
        case .optgroup, .option:
            if isInScope(.select) {
                generateImpliedEndTags(except: name == .option ? NameID(.optgroup) : .none)
            } else if isCurrent(.option) {
                pop()
            }
            reconstructFormatting()
            insertElement()
        case .rb, .rtc:
            if isInScope(.ruby) { generateImpliedEndTags() }
            insertElement()
        case .rp, .rt:
            if isInScope(.ruby) { generateImpliedEndTags(except: NameID(.rtc)) }
            insertElement()
        case .math, .svg:
            reconstructFormatting()
            insertForeignElement(name == .svg ? .svg : .mathML)
        case .caption, .col, .colgroup, .frame, .head, .tbody, .td, .tfoot, .th, .thead, .tr: break
        default:
            reconstructFormatting()
            insertElement()
        }
        return true
    }

    private mutating func readTextarea() {
        readRawText(hasReferences: true)
        // `readRawText` has inserted the text already: the line feed that does not count is its first byte.
        skipsLineFeed = false
        guard mode == .text else { return }
        let node = tree.nodes[current].lastChild
        guard node != noNode, tree.isText(node), byte(tree.nodes[node].content.lower) == 0x0A else { return }
        let content = tree.nodes[node].content
        if content.length == 1 {
            tree.detach(node)
        } else {
            tree.nodes[node].content = ByteRange(start: content.lower + 1, length: Int(content.length) - 1)
        }
    }

    mutating func isHiddenInput() -> Bool {
        for index in token.attributes.lower..<token.attributes.upper
        where tokenizer.attributeNames[index] == NameID(.type) {
            let value = tokenizer.attributeValues[index]
            guard value.upper <= tokenizer.text.count else { return false }
            return tokenizer.text.equalsIgnoringCase(value, Array("hidden".utf8))
        }
        return false
    }

    private mutating func openFormatting() {
        reconstructFormatting()
        pushFormatting(insertElement())
    }

    /// Adds the attributes of the present tag that an element lacks.
    private mutating func addAttributes(to node: NodeID) {
        let own = tree.nodes[node].attributes
        let more = token.attributes
        var missing: [Int] = []
        for index in more.lower..<more.upper {
            var isThere = false
            for other in own.lower..<own.upper
            where tokenizer.attributeNames[other] == tokenizer.attributeNames[index] {
                isThere = true
            }
            if !isThere { missing.append(index) }
        }
        guard !missing.isEmpty, Int(own.length) + missing.count <= limits.attributesPerElement else { return }
        let first = tokenizer.attributeNames.count
        for index in Array(own.lower..<own.upper) + missing {
            tokenizer.attributeNames.append(tokenizer.attributeNames[index])
            tokenizer.attributeValues.append(tokenizer.attributeValues[index])
        }
        tree.nodes[node].attributes = ByteRange(start: first, length: tokenizer.attributeNames.count - first)
    }

    private mutating func openItem(_ name: KnownName) {
        framesetOK = false
        closeOpenItem { $0 == name }
        closeParagraph()
        insertElement()
    }

    private mutating func openDescription() {
        framesetOK = false
        closeOpenItem { $0 == .dd || $0 == .dt }
        closeParagraph()
        insertElement()
    }

    /// Closes the item that is open, unless a special element stands between.
    private mutating func closeOpenItem(_ isItem: (KnownName?) -> Bool) {
        var index = open.count - 1
        while index >= 0 {
            let name = tree.known(open[index])
            if isItem(name), let name {
                generateImpliedEndTags(except: NameID(name))
                popThrough(name)
                return
            }
            if tree.nodes[open[index]].traits.contains(.special), name != .address, name != .div, name != .p { return }
            index -= 1
        }
    }

    // MARK: End tags

    private mutating func endTagInBody() -> Bool {
        guard let name = token.name.known else {
            closeOther(token.name)
            return true
        }
        switch name {
        case .template: return inHead()
        case .body, .html:
            guard isInScope(.body) else { return true }
            mode = .afterBody
            // The body ends with its tag, though more may come.
            return name == .body
        case .address, .article, .aside, .blockquote, .button, .center, .details, .dialog, .dir, .div, .dl, .fieldset,
            .figcaption, .figure, .footer, .header, .hgroup, .listing, .main, .menu, .nav, .ol, .pre, .search, .section,
            .select, .summary, .ul:
            guard isInScope(name) else { return true }
            generateImpliedEndTags()
            popThrough(name)
        case .form: closeForm()
        case .p:
            if !(openParagraphs > 0 && isInScope(.p, [.scope, .buttonScope])) {
                let before = open.count
                insertImplied(.p)
                guard open.count > before else {
                    _ = flattened.popLast()
                    return true
                }
            }
            closeParagraphElement()
        case .li:
            guard isInScope(.li, [.scope, .listScope]) else { return true }
            generateImpliedEndTags(except: NameID(.li))
            popThrough(.li)
        case .dd, .dt:
            guard isInScope(name) else { return true }
            generateImpliedEndTags(except: NameID(name))
            popThrough(name)
        case .h1, .h2, .h3, .h4, .h5, .h6:
            guard ([.h1, .h2, .h3, .h4, .h5, .h6] as [KnownName]).contains(where: { isInScope($0) }) else {
                return true
            }
            generateImpliedEndTags()
            while open.count > 1, !tree.nodes[current].traits.contains(.heading) { pop() }
            pop(atEnd: true)
        case .a, .b, .big, .code, .em, .font, .i, .nobr, .s, .small, .strike, .strong, .tt, .u:
            adoptionAgency(token.name)
        case .applet, .marquee, .object:
            guard isInScope(name) else { return true }
            generateImpliedEndTags()
            popThrough(name)
            clearFormattingToMarker()
        case .br:
            reconstructFormatting()
            tokenizer.token.kind = .startTag
            tokenizer.token.attributes = .empty
            insertVoidElement()
            framesetOK = false
        default: closeOther(token.name)
        }
        return true
    }

    private mutating func closeForm() {
        if hasOpen(.template) {
            guard isInScope(.form) else { return }
            generateImpliedEndTags()
            popThrough(.form)
            return
        }
        let node = form
        form = noNode
        guard node != noNode, isInScope(node: node) else { return }
        generateImpliedEndTags()
        if current == node { pop(atEnd: true) } else { removeFromStack(node) }
    }
}
