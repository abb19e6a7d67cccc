/// Makes a tree of tokens: HTML standard, section 13.2.6, with scripting off.
///
/// The stack of open elements and the list of formatting elements are bounded (`ExtractionLimits.depth`), and with them
/// the time that a tag can take.
struct HTMLTreeBuilder: ~Copyable {
    enum Mode: UInt8 {
        case initial, beforeHTML, beforeHead, inHead, inHeadNoscript, afterHead, inBody, text, inTable, inTableText
        case inCaption, inColumnGroup, inTableBody, inRow, inCell, inTemplate, afterBody
        case inFrameset, afterFrameset, afterAfterBody, afterAfterFrameset
    }

    var tokenizer: HTMLTokenizer
    var tree: TreeArena
    /// The stack of open elements.
    var open = Column<NodeID>(capacity: 64)
    /// The list of active formatting elements; `noNode` is a marker.
    var formatting = Column<NodeID>(capacity: 16)
    var mode = Mode.initial
    var originalMode = Mode.inBody
    var templateModes: [Mode] = []
    var head = noNode
    var form = noNode
    var framesetOK = true
    var fosterParenting = false
    var isQuirks = false
    /// The line feed that a `pre` begins with does not count.
    var skipsLineFeed = false
    /// Texts that came within a table, until it is known what they are.
    var tableTexts: [HTMLToken] = []
    /// How many `p` are open: most tags ask if one is.
    var openParagraphs = 0
    /// Elements that are too deep to be opened, by name.
    var flattened: [NameID] = []
    /// All nodes there may be are there.
    var isFull = false
    var truncations: PageTruncations = []

    let limits: ExtractionLimits
    private let htmlTraits: Column<TagTraits>

    /// The most formatting elements: each may be made again in each paragraph.
    static let maximumFormatting = 64
    /// Less would not do for a table.
    private static let minimumDepth = 16

    init(_ text: consuming Column<UInt8>, limits: ExtractionLimits) {
        let size = text.count
        self.limits = limits
        tokenizer = HTMLTokenizer(text, limits: limits)
        tree = TreeArena(capacity: min(size / 16 + 64, limits.nodes))
        htmlTraits = Column(TagTraits.html)
        _ = tree.make(.document, start: 0, end: size)
    }

    var token: HTMLToken { mutating get { tokenizer.token } }

    mutating func run() {
        while true {
            tokenizer.isForeign = open.count > 0 && !tree.isHTML(current)
            tokenizer.next()
            process()
            if token.kind == .end || isFull { break }
        }
        while open.count > 1 { pop() }
        if open.count == 1 { tree.nodes[open[0]].sourceEnd = UInt32(truncatingIfNeeded: token.end) }
    }

    /// Gives the document that has been built.
    mutating func finish() -> Document {
        let size = tokenizer.text.count
        tokenizer.text.append(from: tokenizer.decoded, 0..<tokenizer.decoded.count)
        var document = Document(
            text: tokenizer.takeText(), sourceLength: size, names: tokenizer.takeNames(), nodes: tree.count,
            attributes: tokenizer.attributeNames.count)
        tree.write(
            to: &document, attributeNames: tokenizer.attributeNames, attributeValues: tokenizer.attributeValues)
        document.truncations = truncations.union(tokenizer.truncations)
        document.isQuirks = isQuirks
        return document
    }

    // MARK: Stack

    @inline(__always)
    var current: NodeID { mutating get { open[open.count - 1] } }

    mutating func push(_ node: NodeID) {
        if tree.nodes[node].traits.contains(.paragraph) { openParagraphs += 1 }
        open.append(node)
    }

    /// Closes the current element where the present token begins, or where it ends if that is its end tag.
    ///
    /// The root element stays open, whatever happens.
    mutating func pop(atEnd: Bool = false) {
        guard open.count > 1 else { return }
        let node = current
        if tree.nodes[node].traits.contains(.paragraph) { openParagraphs -= 1 }
        tree.nodes[node].sourceEnd = UInt32(truncatingIfNeeded: atEnd ? token.end : token.start)
        open.removeLast()
    }

    mutating func removeFromStack(_ node: NodeID) {
        guard let index = stackIndex(node) else { return }
        if tree.nodes[node].traits.contains(.paragraph) { openParagraphs -= 1 }
        tree.nodes[node].sourceEnd = UInt32(truncatingIfNeeded: token.start)
        open.remove(at: index)
    }

    mutating func stackIndex(_ node: NodeID) -> Int? {
        var index = open.count - 1
        while index >= 0 {
            if open[index] == node { return index }
            index -= 1
        }
        return nil
    }

    /// Pops up to and with an HTML element of a name.
    mutating func popThrough(_ name: KnownName) { popThrough(NameID(name)) }

    mutating func popThrough(_ name: NameID) {
        while open.count > 1 {
            let isIt = tree.isHTML(current) && tree.nodes[current].name == name
            pop(atEnd: isIt && token.kind == .endTag && token.name == name)
            if isIt { return }
        }
    }

    mutating func pop(until isStop: (KnownName?) -> Bool) {
        while open.count > 1, !isStop(tree.known(current)) { pop() }
    }

    @inline(__always)
    mutating func isCurrent(_ name: KnownName) -> Bool { open.count > 0 && tree.isHTML(current, name) }

    mutating func hasOpen(_ name: KnownName) -> Bool {
        var index = open.count - 1
        while index >= 0 {
            if tree.isHTML(open[index], name) { return true }
            index -= 1
        }
        return false
    }

    /// Section 13.2.4.2: if an element of a name is open with none of some others open below it.
    mutating func isInScope(_ name: NameID, _ stops: TagTraits = .scope) -> Bool {
        var index = open.count - 1
        while index >= 0 {
            let node = open[index]
            if tree.nodes[node].name == name, tree.isHTML(node) { return true }
            if !tree.nodes[node].traits.isDisjoint(with: stops) { return false }
            index -= 1
        }
        return false
    }

    mutating func isInScope(_ name: KnownName, _ stops: TagTraits = .scope) -> Bool { isInScope(NameID(name), stops) }

    mutating func isInScope(node wanted: NodeID) -> Bool {
        var index = open.count - 1
        while index >= 0 {
            if open[index] == wanted { return true }
            if tree.nodes[open[index]].traits.contains(.scope) { return false }
            index -= 1
        }
        return false
    }

    mutating func isInTableScope(_ name: KnownName) -> Bool { isInScope(name, .tableScope) }

    mutating func generateImpliedEndTags(except name: NameID = .none, thoroughly: Bool = false) {
        let trait: TagTraits = thoroughly ? .impliedEndThoroughly : .impliedEnd
        while open.count > 1, tree.nodes[current].traits.contains(trait), tree.nodes[current].name != name { pop() }
    }

    @inline(__always)
    mutating func closeParagraph() {
        if openParagraphs > 0, isInScope(.p, [.scope, .buttonScope]) { closeParagraphElement() }
    }

    mutating func closeParagraphElement() {
        generateImpliedEndTags(except: NameID(.p))
        popThrough(.p)
    }

    // MARK: Inserting

    /// Where the next node goes: the parent, and the sibling that it goes before.
    @inline(__always)
    mutating func insertionPlace(_ override: NodeID = noNode) -> (parent: NodeID, before: NodeID) {
        let target = override != noNode ? override : current
        if fosterParenting, tree.nodes[target].traits.contains(.tablePart) { return fosterPlace() }
        return (target, noNode)
    }

    private mutating func fosterPlace() -> (parent: NodeID, before: NodeID) {
        var index = open.count - 1
        while index > 0 {
            let node = open[index]
            if tree.isHTML(node, .template) { return (node, noNode) }
            if tree.isHTML(node, .table) {
                let parent = tree.nodes[node].parent
                return parent != noNode ? (parent, node) : (open[index - 1], noNode)
            }
            index -= 1
        }
        return (open[0], noNode)
    }

    mutating func place(_ node: NodeID, _ place: (parent: NodeID, before: NodeID)) {
        if place.before == noNode {
            tree.append(node, to: place.parent)
        } else {
            tree.insert(node, before: place.before)
        }
    }

    private mutating func hasRoom() -> Bool {
        if tree.count < limits.nodes { return true }
        isFull = true
        truncations.insert(.nodes)
        return false
    }

    /// Inserts the element of the present start tag and opens it.
    @discardableResult
    mutating func insertElement() -> NodeID {
        let number = Int(token.name.number)
        let traits = number < htmlTraits.count ? htmlTraits[number] : []
        return insert(token.name, .html, traits, token.attributes, start: token.start, end: token.end)
    }

    /// Inserts an element that no tag stands for and opens it.
    @discardableResult
    mutating func insertImplied(_ name: KnownName) -> NodeID {
        insert(
            NameID(name), .html, htmlTraits[Int(name.rawValue)], .empty, start: token.start, end: token.start)
    }

    @discardableResult
    mutating func insert(
        _ name: NameID, _ namespace: Namespace, _ traits: TagTraits, _ attributes: ByteRange, start: Int, end: Int
    ) -> NodeID {
        guard hasRoom() else { return open.count > 0 ? current : documentNode }
        let node = tree.make(
            .element, namespace, name: name, traits: traits, start: start, end: end, attributes: attributes)
        if open.count == 0 {
            tree.append(node, to: documentNode)
        } else {
            place(node, insertionPlace())
        }
        guard open.count < max(limits.depth, Self.minimumDepth) else {
            // It stays empty, and what it should contain comes behind it.
            truncations.insert(.depth)
            if !traits.contains(.void) { flattened.append(name) }
            return node
        }
        push(node)
        return node
    }

    /// Inserts the element of the present start tag, which has no content.
    mutating func insertVoidElement() {
        let before = open.count
        insertElement()
        if open.count > before { pop(atEnd: true) }
    }

    mutating func traits(_ name: KnownName) -> TagTraits { htmlTraits[Int(name.rawValue)] }

    mutating func insertComment(in parent: NodeID? = nil) {
        guard hasRoom() else { return }
        let node = tree.make(.comment, start: token.start, end: token.end, content: token.content)
        if let parent { tree.append(node, to: parent) } else { place(node, insertionPlace()) }
    }

    /// Inserts text, in the text node before it if there is one.
    mutating func insertText(_ content: ByteRange, start: Int, end: Int) {
        guard content.length > 0 else { return }
        let place = insertionPlace()
        if place.parent == documentNode { return }
        let previous = place.before == noNode ? tree.nodes[place.parent].lastChild : tree.nodes[place.before].previous
        if previous != noNode, tree.isText(previous) {
            tree.nodes[previous].content = joined(tree.nodes[previous].content, content)
            tree.nodes[previous].sourceEnd = UInt32(truncatingIfNeeded: end)
            return
        }
        guard hasRoom() else { return }
        self.place(tree.make(.text, start: start, end: end, content: content), place)
    }

    /// The range of two texts behind each other.
    private mutating func joined(_ first: ByteRange, _ second: ByteRange) -> ByteRange {
        let size = tokenizer.text.count
        if first.upper == second.lower, first.upper != size {
            return ByteRange(start: first.lower, length: Int(first.length + second.length))
        }
        guard tokenizer.decoded.count + Int(second.length) < limits.decodedBytes else {
            truncations.insert(.decodedBytes)
            return first
        }
        var start = first.lower
        // The first part is copied unless it is already what was decoded last.
        if first.upper != size + tokenizer.decoded.count || first.lower < size {
            start = size + tokenizer.decoded.count
            copyDecoded(first)
        }
        copyDecoded(second)
        return ByteRange(start: start, length: size + tokenizer.decoded.count - start)
    }

    private mutating func copyDecoded(_ range: ByteRange) {
        let size = tokenizer.text.count
        if range.lower >= size {
            tokenizer.decoded.append(copyOf: (range.lower - size)..<(range.upper - size))
        } else {
            tokenizer.decoded.append(from: tokenizer.text, range.lower..<range.upper)
        }
    }

    /// A byte of a content, which may be decoded.
    @inline(__always)
    mutating func byte(_ index: Int) -> UInt8 {
        index < tokenizer.text.count ? tokenizer.text[index] : tokenizer.decoded[index - tokenizer.text.count]
    }

    /// How much of a content is white space at its beginning.
    mutating func leadingSpace(_ content: ByteRange) -> Int {
        var index = content.lower
        while index < content.upper, byte(index).isHTMLSpace { index &+= 1 }
        return index - content.lower
    }

    /// Inserts the white space that the present text begins with, or drops it, and says if anything is left of the text.
    mutating func takeLeadingSpace(inserting: Bool) -> Bool {
        let count = leadingSpace(token.content)
        if inserting, count > 0 {
            insertText(
                ByteRange(start: token.content.lower, length: count), start: token.start,
                end: min(token.start + count, token.end))
        }
        let isInSource = token.content.upper <= tokenizer.text.count
        tokenizer.token.content = ByteRange(
            start: token.content.lower + count, length: Int(token.content.length) - count)
        if isInSource { tokenizer.token.start += count }
        return token.content.length > 0
    }
}
