/// The number of a node, in the document's order.
typealias NodeID = Int32

/// Stands for no node.
let noNode: NodeID = -1
/// The document itself, above its root element.
let documentNode: NodeID = 0

enum NodeKind: UInt8, Sendable {
    case document
    case element
    case text
    case comment
}

enum Namespace: UInt8, Sendable {
    case html
    case svg
    case mathML
}

/// A page as a tree, in columns by node number.
///
/// Nodes are numbered in the document's order, so that what is below a node are the numbers behind it up to
/// `subtreeEnd`. Texts and attribute values are ranges of `text`, which is the page's source and, behind it, what could
/// not stay as it was written (character references, for one).
struct Document: ~Copyable {
    var text: Column<UInt8>
    /// How much of `text` is the source.
    let sourceLength: Int
    var names: NameTable

    /// `NodeKind`, and for elements `Namespace` shifted by four bits.
    private(set) var kinds: Column<UInt8>
    private(set) var nodeNames: Column<NameID>
    private(set) var parents: Column<NodeID>
    /// One past the last node below a node.
    private(set) var subtreeEnds: Column<NodeID>
    /// The element before a node under the same parent.
    private(set) var previousElements: Column<NodeID>
    /// Where a node stands in the source; an implied element stands where its content does.
    private(set) var sources: Column<ByteRange>
    /// What a text or a comment says.
    private(set) var contents: Column<ByteRange>
    /// A node's attributes are those from its own first one to the next node's.
    private(set) var firstAttributes: Column<UInt32>

    private(set) var attributeNames: Column<NameID>
    private(set) var attributeValues: Column<ByteRange>

    /// The page chose quirks mode, in which classes and ids are compared without regard to case.
    var isQuirks = false
    var truncations: PageTruncations = []

    init(text: consuming Column<UInt8>, limits: ExtractionLimits) {
        let size = text.count
        let nodes = min(size / 24 + 16, limits.nodes)
        self.init(
            text: text, sourceLength: size, names: NameTable(limit: limits.names), nodes: nodes, attributes: nodes)
    }

    /// - Parameters:
    ///   - nodes: how many there will be, about.
    ///   - attributes: how many there will be, about.
    init(
        text: consuming Column<UInt8>, sourceLength: Int, names: consuming NameTable, nodes: Int, attributes: Int
    ) {
        self.text = text
        self.sourceLength = sourceLength
        self.names = names
        kinds = Column(capacity: nodes)
        nodeNames = Column(capacity: nodes)
        parents = Column(capacity: nodes)
        subtreeEnds = Column(capacity: nodes)
        previousElements = Column(capacity: nodes)
        sources = Column(capacity: nodes)
        contents = Column(capacity: nodes)
        firstAttributes = Column(capacity: nodes)
        attributeNames = Column(capacity: attributes)
        attributeValues = Column(capacity: attributes)
        _ = append(.document, parent: noNode, source: ByteRange(start: 0, length: sourceLength))
    }

    var count: Int { kinds.count }

    // MARK: Reading

    @inline(__always)
    func isElement(_ node: NodeID) -> Bool { kinds[node] & 0xF == NodeKind.element.rawValue }

    @inline(__always)
    func isText(_ node: NodeID) -> Bool { kinds[node] == NodeKind.text.rawValue }

    @inline(__always)
    func isComment(_ node: NodeID) -> Bool { kinds[node] == NodeKind.comment.rawValue }

    /// If an element is one of HTML, where names know no case.
    @inline(__always)
    func isHTML(_ node: NodeID) -> Bool { kinds[node] == NodeKind.element.rawValue }

    func namespace(_ node: NodeID) -> Namespace { Namespace(rawValue: kinds[node] >> 4) ?? .html }

    /// If a node is the HTML element of a name.
    @inline(__always)
    func isElement(_ node: NodeID, _ name: KnownName) -> Bool {
        isHTML(node) && nodeNames[node].number == name.rawValue
    }

    @inline(__always)
    func attributes(_ node: NodeID) -> Range<Int> {
        let next = Int(node) &+ 1
        let end = next < firstAttributes.count ? Int(firstAttributes[next]) : attributeNames.count
        return Int(firstAttributes[node])..<end
    }

    /// The value of an attribute.
    @inline(__always)
    func attribute(_ node: NodeID, _ name: NameID) -> ByteRange? {
        for index in attributes(node) where attributeNames[index] == name { return attributeValues[index] }
        return nil
    }

    @inline(__always)
    func attribute(_ node: NodeID, _ name: KnownName) -> ByteRange? { attribute(node, NameID(name)) }

    @inline(__always)
    func firstChild(_ node: NodeID) -> NodeID { node &+ 1 < subtreeEnds[node] ? node &+ 1 : noNode }

    @inline(__always)
    func nextSibling(_ node: NodeID) -> NodeID {
        let parent = parents[node]
        guard parent != noNode else { return noNode }
        let next = subtreeEnds[node]
        return next < subtreeEnds[parent] ? next : noNode
    }

    /// The first element of a document.
    var root: NodeID {
        var child = firstChild(documentNode)
        while child != noNode, !isElement(child) { child = nextSibling(child) }
        return child
    }

    // MARK: Building, in the document's order

    /// Adds a node below one that is still open; nodes are added in the document's order.
    @discardableResult
    mutating func append(
        _ kind: NodeKind, namespace: Namespace = .html, name: NameID = .none, parent: NodeID,
        previousElement: NodeID = noNode, source: ByteRange, content: ByteRange = .empty
    ) -> NodeID {
        append(
            raw: kind.rawValue | namespace.rawValue << 4, name: name, parent: parent, previousElement: previousElement,
            source: source, content: content)
    }

    /// As `append`, with kind and namespace in one byte as in `kinds`.
    @inline(__always)
    mutating func append(
        raw kind: UInt8, name: NameID, parent: NodeID, previousElement: NodeID, source: ByteRange, content: ByteRange
    ) -> NodeID {
        let node = NodeID(truncatingIfNeeded: kinds.count)
        kinds.append(kind)
        nodeNames.append(name)
        parents.append(parent)
        subtreeEnds.append(node &+ 1)
        previousElements.append(previousElement)
        sources.append(source)
        contents.append(content)
        firstAttributes.append(UInt32(truncatingIfNeeded: attributeNames.count))
        return node
    }

    /// Adds an attribute to the node added last.
    @inline(__always)
    mutating func appendAttribute(_ name: NameID, _ value: ByteRange) {
        attributeNames.append(name)
        attributeValues.append(value)
    }

    /// Says that all below a node has been added.
    @inline(__always)
    mutating func close(_ node: NodeID) { subtreeEnds[node] = NodeID(truncatingIfNeeded: kinds.count) }
}
