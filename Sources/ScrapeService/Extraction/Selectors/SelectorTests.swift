import Foundation

/// The parts of a range between HTML's white space.
struct TokenIterator {
    private var position: Int
    private let end: Int

    init(_ range: ByteRange) {
        position = range.lower
        end = range.upper
    }

    @inline(__always)
    mutating func next(_ text: borrowing Column<UInt8>) -> ByteRange? {
        while position < end, text[position].isHTMLSpace { position &+= 1 }
        guard position < end else { return nil }
        let start = position
        while position < end, !text[position].isHTMLSpace { position &+= 1 }
        return ByteRange(start: start, length: position - start)
    }
}

extension SelectorMatcher {
    mutating func passesAttribute(_ test: SelectorTest, _ found: ByteRange, _ node: NodeID) -> Bool {
        if test.match == .exists { return true }
        let ignoresCase = test.ignoresCase || (test.ignoresCaseInHTML && document.isHTML(node))
        if test.match == .equals { return equals(found, value: test.b, ignoringCase: ignoresCase) }
        let wanted = program.values[Int(test.b) + (ignoresCase ? 1 : 0)]
        // An empty text is part of none: Selectors Level 4, section 6.2.
        if wanted.isEmpty, test.match != .dashPrefix { return false }
        let length = Int(found.length)
        switch test.match {
        case .exists, .equals: return true
        case .includes:
            var tokens = TokenIterator(found)
            while let token = tokens.next(document.text) {
                if equals(token, value: test.b, ignoringCase: ignoresCase) { return true }
            }
            return false
        case .dashPrefix:
            guard length >= wanted.count, has(wanted, found.lower, ignoresCase) else { return false }
            return length == wanted.count || document.text[found.lower + wanted.count] == UInt8(ascii: "-")
        case .prefix: return length >= wanted.count && has(wanted, found.lower, ignoresCase)
        case .suffix: return length >= wanted.count && has(wanted, found.upper - wanted.count, ignoresCase)
        case .substring:
            if !ignoresCase { return contains(found, wanted) }
            guard length >= wanted.count else { return false }
            for index in found.lower...(found.upper - wanted.count) {
                if has(wanted, index, true) { return true }
                spend(1)
                if isExhausted { return false }
            }
            return false
        }
    }

    private func has(_ wanted: [UInt8], _ index: Int, _ ignoresCase: Bool) -> Bool {
        ignoresCase ? document.text.hasBytesIgnoringCase(wanted, at: index) : document.text.hasBytes(wanted, at: index)
    }

    /// If a range contains a text. The bytes that are compared come off the budget.
    private mutating func contains(_ range: ByteRange, _ wanted: [UInt8]) -> Bool {
        let result = document.text.search(range, wanted, work: max(stepsLeft, 0) * 8)
        spend(result.work >> 3)
        return result.isFound
    }

    /// No children beside comments: Selectors Level 4, section 13.2, whose exception for white space no browser has.
    func isEmpty(_ node: NodeID) -> Bool {
        var child = document.firstChild(node)
        while child != noNode {
            if !document.isComment(child) { return false }
            child = document.nextSibling(child)
        }
        return true
    }

    /// If the text below an element, its nodes put together, contains one of a test's texts.
    mutating func textContains(_ test: SelectorTest, _ node: NodeID) -> Bool {
        var whole = Column<UInt8>()
        for below in Int(node)..<Int(document.subtreeEnds[node]) where document.isText(NodeID(below)) {
            let content = document.contents[below]
            for index in content.lower..<content.upper { whole.append(document.text[index]) }
        }
        spend(1 + whole.count >> 3 + Int(document.subtreeEnds[node] - node))
        let range = ByteRange(start: 0, length: whole.count)
        for value in Int(test.a)..<Int(test.a + test.b) {
            let result = whole.search(range, program.values[value], work: max(stepsLeft, 0) * 8)
            spend(result.work >> 3)
            if result.isFound { return true }
        }
        return false
    }

    // MARK: Positions

    mutating func passesNth(_ test: SelectorTest, _ node: NodeID) -> Bool {
        let position: Int32
        if test.c >= 0 {
            guard matches(test.c, node) else { return false }
            position = test.fromEnd ? countAfter(node, test.c) : countBefore(node, test.c)
        } else if test.ofType {
            position = test.fromEnd ? positions.typesFromEnd[node] : positions.types[node]
        } else {
            let fromStart = positions.children[node]
            position = test.fromEnd ? positions.childCounts[document.parents[node]] - fromStart + 1 : fromStart
        }
        return NthSelector.holds(step: test.a, offset: test.b, position: position)
    }

    private mutating func countBefore(_ node: NodeID, _ list: SelectorListID) -> Int32 {
        var position: Int32 = 1
        var sibling = document.previousElements[node]
        while sibling != noNode, !isExhausted {
            spend(1)
            if matches(list, sibling) { position += 1 }
            sibling = document.previousElements[sibling]
        }
        return position
    }

    private mutating func countAfter(_ node: NodeID, _ list: SelectorListID) -> Int32 {
        var position: Int32 = 1
        var sibling = document.nextSibling(node)
        while sibling != noNode, !isExhausted {
            spend(1)
            if document.isElement(sibling), matches(list, sibling) { position += 1 }
            sibling = document.nextSibling(sibling)
        }
        return position
    }
}

/// Where each element stands among its siblings, from 1.
struct SiblingPositions: ~Copyable {
    var children = Column<Int32>()
    /// How many elements a node has as children.
    var childCounts = Column<Int32>()
    var types = Column<Int32>()
    var typesFromEnd = Column<Int32>()

    init() {}

    mutating func findPositions(_ document: borrowing Document) {
        children = Column(repeating: 0, count: document.count)
        childCounts = Column(repeating: 0, count: document.count)
        for node in 1..<max(document.count, 1) where document.isElement(NodeID(node)) {
            let previous = document.previousElements[node]
            let position = previous == noNode ? 1 : children[previous] + 1
            children[node] = position
            childCounts[document.parents[node]] = position
        }
    }

    /// Finds positions among siblings of the same name; gives the visits that it took, at most `steps`.
    mutating func findTypePositions(_ document: borrowing Document, steps: Int) -> Int {
        types = Column(repeating: 1, count: document.count)
        typesFromEnd = Column(repeating: 1, count: document.count)
        var visits = 0
        var before = Column<NodeID>(repeating: noNode, count: document.count)
        for node in 1..<max(document.count, 1) where document.isElement(NodeID(node)) {
            var sibling = document.previousElements[node]
            while sibling != noNode {
                visits += 1
                if visits >= steps { return visits }
                if document.nodeNames[sibling] == document.nodeNames[node],
                    document.kinds[sibling] == document.kinds[node]
                {
                    before[node] = sibling
                    types[node] = types[sibling] + 1
                    break
                }
                sibling = document.previousElements[sibling]
            }
        }
        for node in stride(from: document.count - 1, to: 0, by: -1) where before[node] != noNode {
            typesFromEnd[before[node]] = typesFromEnd[node] + 1
        }
        return visits
    }
}
