/// Tables and templates: HTML standard, sections 13.2.6.4.9 to 13.2.6.4.16.
extension HTMLTreeBuilder {
    mutating func inTable() -> Bool {
        switch token.kind {
        case .text where tree.nodes[current].traits.contains(.tablePart) || isCurrent(.template):
            tableTexts.removeAll(keepingCapacity: true)
            originalMode = mode
            mode = .inTableText
            return false
        case .comment: insertComment()
        case .doctype: break
        case .startTag:
            switch token.name.known {
            case .caption:
                clearToTable()
                formatting.append(noNode)
                insertElement()
                mode = .inCaption
            case .colgroup:
                clearToTable()
                insertElement()
                mode = .inColumnGroup
            case .col:
                clearToTable()
                insertImplied(.colgroup)
                mode = .inColumnGroup
                return false
            case .tbody, .tfoot, .thead:
                clearToTable()
                insertElement()
                mode = .inTableBody
            case .td, .th, .tr:
                clearToTable()
                insertImplied(.tbody)
                mode = .inTableBody
                return false
            case .table:
                guard isInTableScope(.table) else { return true }
                popThrough(.table)
                resetMode()
                return false
            case .style, .script, .template: return inHead()
            case .input where isHiddenInput(): insertVoidElement()
            case .form:
                guard form == noNode, !hasOpen(.template) else { return true }
                let before = open.count
                form = insertElement()
                if open.count > before { pop(atEnd: true) }
            default: return inBodyWithFostering()
            }
        case .endTag:
            switch token.name.known {
            case .table:
                guard isInTableScope(.table) else { return true }
                popThrough(.table)
                resetMode()
            case .body, .caption, .col, .colgroup, .html, .tbody, .td, .tfoot, .th, .thead, .tr: break
            case .template: return inHead()
            default: return inBodyWithFostering()
            }
        case .end: return inBody()
        default: return inBodyWithFostering()
        }
        return true
    }

    private mutating func inBodyWithFostering() -> Bool {
        fosterParenting = true
        defer { fosterParenting = false }
        return inBody()
    }

    mutating func inTableText() -> Bool {
        if token.kind == .text {
            tableTexts.append(token)
            return true
        }
        let pending = token
        let texts = tableTexts
        let isSpace = texts.allSatisfy { leadingSpace($0.content) == Int($0.content.length) }
        for text in texts {
            tokenizer.token = text
            if isSpace {
                insertText(text.content, start: text.start, end: text.end)
            } else {
                _ = inBodyWithFostering()
            }
        }
        tableTexts.removeAll(keepingCapacity: true)
        tokenizer.token = pending
        mode = originalMode
        return false
    }

    private mutating func clearToTable() { pop { $0 == .table || $0 == .template || $0 == .html } }

    private mutating func clearToTableBody() {
        pop { $0 == .tbody || $0 == .tfoot || $0 == .thead || $0 == .template || $0 == .html }
    }

    private mutating func clearToRow() { pop { $0 == .tr || $0 == .template || $0 == .html } }

    mutating func inCaption() -> Bool {
        let name = token.name.known
        switch token.kind {
        case .endTag where name == .caption: return !closeCaption() || true
        case .startTag:
            switch name {
            case .caption, .col, .colgroup, .tbody, .td, .tfoot, .th, .thead, .tr: return !closeCaption()
            default: return inBody()
            }
        case .endTag:
            switch name {
            case .table: return !closeCaption()
            case .body, .col, .colgroup, .html, .tbody, .td, .tfoot, .th, .thead, .tr: return true
            default: return inBody()
            }
        default: return inBody()
        }
    }

    /// Closes the caption, and says if there was one.
    private mutating func closeCaption() -> Bool {
        guard isInTableScope(.caption) else { return false }
        generateImpliedEndTags()
        popThrough(.caption)
        clearFormattingToMarker()
        mode = .inTable
        return true
    }

    mutating func inColumnGroup() -> Bool {
        switch token.kind {
        case .text: if !takeLeadingSpace(inserting: true) { return true }
        case .comment:
            insertComment()
            return true
        case .doctype: return true
        case .startTag:
            switch token.name.known {
            case .html: return inBody()
            case .col:
                insertVoidElement()
                return true
            case .template: return inHead()
            default: break
            }
        case .endTag:
            switch token.name.known {
            case .colgroup:
                guard isCurrent(.colgroup) else { return true }
                pop(atEnd: true)
                mode = .inTable
                return true
            case .col: return true
            case .template: return inHead()
            default: break
            }
        case .end: return inBody()
        }
        guard isCurrent(.colgroup) else { return true }
        pop()
        mode = .inTable
        return false
    }

    mutating func inTableBody() -> Bool {
        let name = token.name.known
        if token.kind == .startTag {
            switch name {
            case .tr:
                clearToTableBody()
                insertElement()
                mode = .inRow
                return true
            case .td, .th:
                clearToTableBody()
                insertImplied(.tr)
                mode = .inRow
                return false
            case .caption, .col, .colgroup, .tbody, .tfoot, .thead: return !closeTableBody()
            default: return inTable()
            }
        }
        if token.kind == .endTag {
            switch name {
            case .tbody, .tfoot, .thead:
                guard let name, isInTableScope(name) else { return true }
                clearToTableBody()
                pop(atEnd: true)
                mode = .inTable
                return true
            case .table: return !closeTableBody()
            case .body, .caption, .col, .colgroup, .html, .td, .th, .tr: return true
            default: return inTable()
            }
        }
        return inTable()
    }

    private mutating func closeTableBody() -> Bool {
        guard isInTableScope(.tbody) || isInTableScope(.thead) || isInTableScope(.tfoot) else { return false }
        clearToTableBody()
        pop()
        mode = .inTable
        return true
    }

    mutating func inRow() -> Bool {
        let name = token.name.known
        if token.kind == .startTag {
            switch name {
            case .td, .th:
                clearToRow()
                insertElement()
                mode = .inCell
                formatting.append(noNode)
                return true
            case .caption, .col, .colgroup, .tbody, .tfoot, .thead, .tr: return !closeRow(atEnd: false)
            default: return inTable()
            }
        }
        if token.kind == .endTag {
            switch name {
            case .tr:
                _ = closeRow(atEnd: true)
                return true
            case .table: return !closeRow(atEnd: false)
            case .tbody, .tfoot, .thead:
                guard let name, isInTableScope(name) else { return true }
                return !closeRow(atEnd: false)
            case .body, .caption, .col, .colgroup, .html, .td, .th: return true
            default: return inTable()
            }
        }
        return inTable()
    }

    private mutating func closeRow(atEnd: Bool) -> Bool {
        guard isInTableScope(.tr) else { return false }
        clearToRow()
        pop(atEnd: atEnd)
        mode = .inTableBody
        return true
    }

    mutating func inCell() -> Bool {
        let name = token.name.known
        if token.kind == .startTag {
            switch name {
            case .caption, .col, .colgroup, .tbody, .td, .tfoot, .th, .thead, .tr:
                guard isInTableScope(.td) || isInTableScope(.th) else { return true }
                closeCell()
                return false
            default: return inBody()
            }
        }
        if token.kind == .endTag {
            switch name {
            case .td, .th:
                guard let name, isInTableScope(name) else { return true }
                generateImpliedEndTags()
                popThrough(name)
                clearFormattingToMarker()
                mode = .inRow
                return true
            case .body, .caption, .col, .colgroup, .html: return true
            case .table, .tbody, .tfoot, .thead, .tr:
                guard let name, isInTableScope(name) else { return true }
                closeCell()
                return false
            default: return inBody()
            }
        }
        return inBody()
    }

    private mutating func closeCell() {
        generateImpliedEndTags()
        pop { $0 == .td || $0 == .th || $0 == .html }
        pop()
        clearFormattingToMarker()
        mode = .inRow
    }

    // MARK: Templates

    mutating func inTemplate() -> Bool {
        switch token.kind {
        case .text, .comment, .doctype: return inBody()
        case .startTag:
            let next: Mode
            switch token.name.known {
            case .base, .basefont, .bgsound, .link, .meta, .noframes, .script, .style, .template, .title:
                return inHead()
            case .caption, .colgroup, .tbody, .tfoot, .thead: next = .inTable
            case .col: next = .inColumnGroup
            case .tr: next = .inTableBody
            case .td, .th: next = .inRow
            default: next = .inBody
            }
            _ = templateModes.popLast()
            templateModes.append(next)
            mode = next
            return false
        case .endTag: return token.name.known == .template ? inHead() : true
        case .end:
            guard hasOpen(.template) else { return true }
            popThrough(.template)
            clearFormattingToMarker()
            _ = templateModes.popLast()
            resetMode()
            return false
        }
    }

    /// Section 13.2.4.1: the mode that the open elements call for.
    mutating func resetMode() {
        var index = open.count - 1
        while index >= 0 {
            switch tree.known(open[index]) {
            case .td where index > 0, .th where index > 0: return mode = .inCell
            case .tr: return mode = .inRow
            case .tbody, .thead, .tfoot: return mode = .inTableBody
            case .caption: return mode = .inCaption
            case .colgroup: return mode = .inColumnGroup
            case .table: return mode = .inTable
            case .template: return mode = templateModes.last ?? .inBody
            case .head where index > 0: return mode = .inHead
            case .body: return mode = .inBody
            case .frameset: return mode = .inFrameset
            case .html: return mode = head == noNode ? .beforeHead : .afterHead
            default: index -= 1
            }
        }
        mode = .inBody
    }
}
