/// The list of active formatting elements: HTML standard, section 13.2.4.3, and the adoption agency algorithm.
extension HTMLTreeBuilder {
    /// Adds an element; of more than three that are alike since the last marker, the earliest goes.
    mutating func pushFormatting(_ node: NodeID) {
        var alike = 0
        var index = formatting.count - 1
        while index >= 0, formatting[index] != noNode {
            if isAlike(formatting[index], node) {
                alike += 1
                if alike == 3 {
                    formatting.remove(at: index)
                    break
                }
            }
            index -= 1
        }
        if formatting.count >= Self.maximumFormatting {
            truncations.insert(.depth)
            formatting.remove(at: 0)
        }
        formatting.append(node)
    }

    private mutating func isAlike(_ left: NodeID, _ right: NodeID) -> Bool {
        let first = tree.nodes[left].attributes
        let second = tree.nodes[right].attributes
        // Comparing many would take time by their square; such elements are not made by accident.
        guard tree.nodes[left].name == tree.nodes[right].name, first.length == second.length, first.length <= 32 else {
            return false
        }
        if first.start == second.start { return true }
        for index in first.lower..<first.upper {
            var isFound = false
            for other in second.lower..<second.upper
            where tokenizer.attributeNames[other] == tokenizer.attributeNames[index] {
                isFound = isSame(tokenizer.attributeValues[other], tokenizer.attributeValues[index])
            }
            if !isFound { return false }
        }
        return true
    }

    private mutating func isSame(_ left: ByteRange, _ right: ByteRange) -> Bool {
        guard left.length == right.length else { return false }
        for offset in 0..<Int(left.length) where byte(left.lower + offset) != byte(right.lower + offset) {
            return false
        }
        return true
    }

    mutating func clearFormattingToMarker() {
        while formatting.count > 0 {
            let last = formatting[formatting.count - 1]
            formatting.removeLast()
            if last == noNode { return }
        }
    }

    mutating func formattingIndex(_ node: NodeID) -> Int? {
        var index = formatting.count - 1
        while index >= 0 {
            if formatting[index] == node { return index }
            index -= 1
        }
        return nil
    }

    /// The last formatting element of a name since the last marker.
    mutating func lastFormatting(_ name: NameID) -> NodeID {
        var index = formatting.count - 1
        while index >= 0, formatting[index] != noNode {
            if tree.nodes[formatting[index]].name == name { return formatting[index] }
            index -= 1
        }
        return noNode
    }

    mutating func removeFormatting(_ node: NodeID) {
        if let index = formattingIndex(node) { formatting.remove(at: index) }
    }

    /// Opens again the formatting elements that a block has closed.
    mutating func reconstructFormatting() {
        guard formatting.count > 0 else { return }
        var index = formatting.count - 1
        if formatting[index] == noNode || stackIndex(formatting[index]) != nil { return }
        while index > 0, formatting[index - 1] != noNode, stackIndex(formatting[index - 1]) == nil { index -= 1 }
        while index < formatting.count, !isFull {
            let node = formatting[index]
            let clone = insert(
                tree.nodes[node].name, .html, tree.nodes[node].traits, tree.nodes[node].attributes, start: token.start,
                end: token.start)
            formatting[index] = clone
            index += 1
        }
    }

    /// Section 13.2.6.4.7: the adoption agency algorithm, for end tags of formatting elements that stand in wrong order.
    mutating func adoptionAgency(_ name: NameID) {
        if tree.isHTML(current), tree.nodes[current].name == name, formattingIndex(current) == nil {
            pop(atEnd: token.kind == .endTag)
            return
        }
        for _ in 0..<8 {
            let element = lastFormatting(name)
            guard element != noNode else {
                closeOther(name)
                return
            }
            guard let elementIndex = stackIndex(element), elementIndex > 0 else {
                removeFormatting(element)
                return
            }
            guard isInScope(node: element) else { return }
            var blockIndex = elementIndex + 1
            while blockIndex < open.count, !tree.nodes[open[blockIndex]].traits.contains(.special) { blockIndex += 1 }
            guard blockIndex < open.count else {
                while open.count > max(elementIndex, 1) {
                    pop(atEnd: open.count == elementIndex + 1 && token.kind == .endTag)
                }
                removeFormatting(element)
                return
            }
            guard tree.count + open.count < limits.nodes else {
                truncations.insert(.nodes)
                isFull = true
                return
            }
            adopt(element, elementIndex, blockIndex)
        }
    }

    private mutating func adopt(_ element: NodeID, _ elementIndex: Int, _ blockIndex: Int) {
        let block = open[blockIndex]
        let ancestor = open[elementIndex - 1]
        var bookmark = formattingIndex(element) ?? formatting.count
        var last = block
        var index = blockIndex
        var counter = 0
        while true {
            counter += 1
            index -= 1
            let node = open[index]
            if node == element { break }
            var listIndex = formattingIndex(node)
            if counter > 3, let found = listIndex {
                formatting.remove(at: found)
                if found < bookmark { bookmark -= 1 }
                listIndex = nil
            }
            guard let found = listIndex else {
                open.remove(at: index)
                continue
            }
            let clone = tree.clone(node, start: token.start)
            formatting[found] = clone
            open[index] = clone
            if last == block { bookmark = found + 1 }
            tree.detach(last)
            tree.append(last, to: clone)
            last = clone
        }
        tree.detach(last)
        place(last, insertionPlace(ancestor))
        let clone = tree.clone(element, start: token.start)
        tree.moveChildren(of: block, to: clone)
        tree.append(clone, to: block)
        if let found = formattingIndex(element) {
            formatting.remove(at: found)
            if found < bookmark { bookmark -= 1 }
        }
        formatting.insert(clone, at: min(bookmark, formatting.count))
        removeFromStack(element)
        if let found = stackIndex(block) { open.insert(clone, at: found + 1) }
    }

    /// "Any other end tag" of the body.
    mutating func closeOther(_ name: NameID) {
        var index = open.count - 1
        while index >= 0 {
            let node = open[index]
            if tree.isHTML(node), tree.nodes[node].name == name {
                generateImpliedEndTags(except: name)
                while open.count > max(index, 1) { pop(atEnd: open.count == index + 1 && token.kind == .endTag) }
                return
            }
            if tree.nodes[node].traits.contains(.special) { return }
            index -= 1
        }
    }
}

extension Column<NodeID> {
    mutating func remove(at index: Int) {
        var place = index
        while place + 1 < count {
            self[place] = self[place + 1]
            place += 1
        }
        removeLast()
    }

    mutating func insert(_ node: NodeID, at index: Int) {
        append(node)
        var place = count - 1
        while place > index {
            self[place] = self[place - 1]
            place -= 1
        }
        self[index] = node
    }
}
