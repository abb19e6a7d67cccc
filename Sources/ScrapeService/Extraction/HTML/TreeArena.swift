/// A node of a tree that is being built.
struct TreeNode: BitwiseCopyable {
    /// As `Document.kinds`.
    var kind: UInt8
    var traits: TagTraits
    var name: NameID
    var parent = noNode
    var firstChild = noNode
    var lastChild = noNode
    var next = noNode
    var previous = noNode
    var sourceStart: UInt32
    var sourceEnd: UInt32
    var content: ByteRange
    /// A range of the tokenizer's attributes; clones share it.
    var attributes: ByteRange
    /// The number in the document that is made in the end.
    var number = noNode
    /// The last element among the children that have been written there.
    var lastElement = noNode
}

/// A tree that is being built: nodes in the order in which they were made, linked both ways.
struct TreeArena: ~Copyable {
    var nodes: Column<TreeNode>

    init(capacity: Int) { nodes = Column(capacity: capacity) }

    var count: Int { nodes.count }

    @inline(__always)
    mutating func make(
        _ kind: NodeKind, _ namespace: Namespace = .html, name: NameID = .none, traits: TagTraits = [], start: Int,
        end: Int, content: ByteRange = .empty, attributes: ByteRange = .empty
    ) -> NodeID {
        nodes.append(
            TreeNode(
                kind: kind.rawValue | namespace.rawValue << 4, traits: traits, name: name,
                sourceStart: UInt32(truncatingIfNeeded: start), sourceEnd: UInt32(truncatingIfNeeded: end),
                content: content, attributes: attributes))
        return NodeID(truncatingIfNeeded: nodes.count &- 1)
    }

    /// Another element of the same name and attributes.
    mutating func clone(_ node: NodeID, start: Int) -> NodeID {
        let original = nodes[node]
        return make(
            .element, namespace(node), name: original.name, traits: original.traits, start: start, end: start,
            attributes: original.attributes)
    }

    @inline(__always)
    func namespace(_ node: NodeID) -> Namespace { Namespace(rawValue: nodes[node].kind >> 4) ?? .html }

    @inline(__always)
    func isHTML(_ node: NodeID) -> Bool { nodes[node].kind == NodeKind.element.rawValue }

    @inline(__always)
    func isText(_ node: NodeID) -> Bool { nodes[node].kind == NodeKind.text.rawValue }

    /// If a node is the HTML element of a name.
    @inline(__always)
    func isHTML(_ node: NodeID, _ name: KnownName) -> Bool { isHTML(node) && nodes[node].name.number == name.rawValue }

    /// The name of an HTML element that is known.
    @inline(__always)
    func known(_ node: NodeID) -> KnownName? { isHTML(node) ? nodes[node].name.known : nil }

    @inline(__always)
    mutating func append(_ child: NodeID, to parent: NodeID) {
        let last = nodes[parent].lastChild
        nodes[child].parent = parent
        nodes[child].previous = last
        if last == noNode { nodes[parent].firstChild = child } else { nodes[last].next = child }
        nodes[parent].lastChild = child
    }

    mutating func insert(_ child: NodeID, before sibling: NodeID) {
        let parent = nodes[sibling].parent
        let previous = nodes[sibling].previous
        nodes[child].parent = parent
        nodes[child].next = sibling
        nodes[child].previous = previous
        nodes[sibling].previous = child
        if previous == noNode { nodes[parent].firstChild = child } else { nodes[previous].next = child }
    }

    mutating func detach(_ node: NodeID) {
        let parent = nodes[node].parent
        guard parent != noNode else { return }
        let previous = nodes[node].previous
        let next = nodes[node].next
        if previous == noNode { nodes[parent].firstChild = next } else { nodes[previous].next = next }
        if next == noNode { nodes[parent].lastChild = previous } else { nodes[next].previous = previous }
        nodes[node].parent = noNode
        nodes[node].previous = noNode
        nodes[node].next = noNode
    }

    mutating func moveChildren(of node: NodeID, to parent: NodeID) {
        while nodes[node].firstChild != noNode {
            let child = nodes[node].firstChild
            detach(child)
            append(child, to: parent)
        }
    }

    /// Writes the tree below the document's node, the first one made, in the document's order.
    mutating func write(
        to document: inout Document, attributeNames: borrowing Column<NameID>,
        attributeValues: borrowing Column<ByteRange>
    ) {
        nodes[0].number = documentNode
        var node = nodes[0].firstChild
        while node != noNode {
            let item = nodes[node]
            let start = Int(item.sourceStart)
            let added = document.append(
                raw: item.kind, name: item.name, parent: nodes[item.parent].number,
                previousElement: nodes[item.parent].lastElement,
                source: ByteRange(start: start, length: max(Int(item.sourceEnd) - start, 0)), content: item.content)
            nodes[node].number = added
            for index in item.attributes.lower..<item.attributes.upper {
                document.appendAttribute(attributeNames[index], attributeValues[index])
            }
            if item.kind & 0xF == NodeKind.element.rawValue { nodes[item.parent].lastElement = added }
            if item.firstChild != noNode {
                node = item.firstChild
                continue
            }
            while node != documentNode, nodes[node].next == noNode {
                document.close(nodes[node].number)
                node = nodes[node].parent
            }
            if node == documentNode { break }
            document.close(nodes[node].number)
            node = nodes[node].next
        }
        document.close(documentNode)
    }
}
