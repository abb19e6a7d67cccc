/// A tree that is being built: nodes in the order in which they were made, linked both ways.
struct TreeArena: ~Copyable {
    /// As `Document.kinds`.
    private(set) var kinds: Column<UInt8>
    private(set) var names: Column<NameID>
    var traits: Column<TagTraits>
    private(set) var parents: Column<NodeID>
    private(set) var firstChildren: Column<NodeID>
    private(set) var lastChildren: Column<NodeID>
    private(set) var nexts: Column<NodeID>
    private(set) var previouses: Column<NodeID>
    var sourceStarts: Column<UInt32>
    var sourceEnds: Column<UInt32>
    var contents: Column<ByteRange>
    /// A range of the tokenizer's attributes; clones share it.
    var attributes: Column<ByteRange>

    init(capacity: Int) {
        kinds = Column(capacity: capacity)
        names = Column(capacity: capacity)
        traits = Column(capacity: capacity)
        parents = Column(capacity: capacity)
        firstChildren = Column(capacity: capacity)
        lastChildren = Column(capacity: capacity)
        nexts = Column(capacity: capacity)
        previouses = Column(capacity: capacity)
        sourceStarts = Column(capacity: capacity)
        sourceEnds = Column(capacity: capacity)
        contents = Column(capacity: capacity)
        attributes = Column(capacity: capacity)
    }

    var count: Int { kinds.count }

    @inline(__always)
    mutating func make(
        _ kind: NodeKind, _ namespace: Namespace = .html, name: NameID = .none, traits: TagTraits = [], start: Int,
        end: Int, content: ByteRange = .empty, attributes: ByteRange = .empty
    ) -> NodeID {
        kinds.append(kind.rawValue | namespace.rawValue << 4)
        names.append(name)
        self.traits.append(traits)
        parents.append(noNode)
        firstChildren.append(noNode)
        lastChildren.append(noNode)
        nexts.append(noNode)
        previouses.append(noNode)
        sourceStarts.append(UInt32(truncatingIfNeeded: start))
        sourceEnds.append(UInt32(truncatingIfNeeded: end))
        contents.append(content)
        self.attributes.append(attributes)
        return NodeID(truncatingIfNeeded: kinds.count &- 1)
    }

    /// Another element of the same name and attributes.
    mutating func clone(_ node: NodeID, start: Int) -> NodeID {
        make(
            .element, namespace(node), name: names[node], traits: traits[node], start: start, end: start,
            attributes: attributes[node])
    }

    @inline(__always)
    func namespace(_ node: NodeID) -> Namespace { Namespace(rawValue: kinds[node] >> 4) ?? .html }

    @inline(__always)
    func isHTML(_ node: NodeID) -> Bool { kinds[node] == NodeKind.element.rawValue }

    @inline(__always)
    func isText(_ node: NodeID) -> Bool { kinds[node] == NodeKind.text.rawValue }

    /// If a node is the HTML element of a name.
    @inline(__always)
    func isHTML(_ node: NodeID, _ name: KnownName) -> Bool { isHTML(node) && names[node].number == name.rawValue }

    /// The name of an HTML element that is known.
    @inline(__always)
    func known(_ node: NodeID) -> KnownName? { isHTML(node) ? names[node].known : nil }

    @inline(__always)
    mutating func append(_ child: NodeID, to parent: NodeID) {
        let last = lastChildren[parent]
        parents[child] = parent
        previouses[child] = last
        if last == noNode { firstChildren[parent] = child } else { nexts[last] = child }
        lastChildren[parent] = child
    }

    mutating func insert(_ child: NodeID, before sibling: NodeID) {
        let parent = parents[sibling]
        let previous = previouses[sibling]
        parents[child] = parent
        nexts[child] = sibling
        previouses[child] = previous
        previouses[sibling] = child
        if previous == noNode { firstChildren[parent] = child } else { nexts[previous] = child }
    }

    mutating func detach(_ node: NodeID) {
        let parent = parents[node]
        guard parent != noNode else { return }
        let previous = previouses[node]
        let next = nexts[node]
        if previous == noNode { firstChildren[parent] = next } else { nexts[previous] = next }
        if next == noNode { lastChildren[parent] = previous } else { previouses[next] = previous }
        parents[node] = noNode
        previouses[node] = noNode
        nexts[node] = noNode
    }

    mutating func moveChildren(of node: NodeID, to parent: NodeID) {
        while firstChildren[node] != noNode {
            let child = firstChildren[node]
            detach(child)
            append(child, to: parent)
        }
    }

    /// Writes the tree below the document's node, the first one made, in the document's order.
    func write(
        to document: inout Document, attributeNames: borrowing Column<NameID>,
        attributeValues: borrowing Column<ByteRange>
    ) {
        // Numbers in the document by numbers here.
        var numbers = Column<NodeID>(repeating: noNode, count: count)
        numbers[0] = documentNode
        var previousElement = Column<NodeID>(repeating: noNode, count: count)
        var node = firstChildren[0]
        while node != noNode {
            let parent = parents[node]
            let before = previousElement[parent]
            let start = Int(sourceStarts[node])
            let added = document.append(
                raw: kinds[node], name: names[node], parent: numbers[parent], previousElement: before,
                source: ByteRange(start: start, length: max(Int(sourceEnds[node]) - start, 0)), content: contents[node])
            numbers[node] = added
            let range = attributes[node]
            for index in range.lower..<range.upper {
                document.appendAttribute(attributeNames[index], attributeValues[index])
            }
            if kinds[node] & 0xF == NodeKind.element.rawValue { previousElement[parent] = added }
            if firstChildren[node] != noNode {
                node = firstChildren[node]
                continue
            }
            while node != 0, nexts[node] == noNode {
                document.close(numbers[node])
                node = parents[node]
            }
            if node == 0 { break }
            document.close(numbers[node])
            node = nexts[node]
        }
        document.close(documentNode)
    }
}
