/// Finds what a plan's selectors match in a document.
///
/// Selectors are matched from right to left. All visits of nodes come off one budget; when it is used up, `isExhausted`
/// is set, and answers from then on mean nothing.
struct SelectorMatcher: ~Copyable {
    var document: Document
    let program: SelectorProgram
    private(set) var stepsLeft: Int
    /// What `:scope` is; `documentNode` makes it the root element.
    private var scope = documentNode
    /// The element that `:has()` is tested at.
    private var anchor = noNode

    /// The keys that each element has, and those that its ancestors have.
    private var keys: Column<UInt64>
    private var ancestorKeys: Column<UInt64>
    /// The numbers of the program's names in this document.
    private var lowerNames: Column<NameID>
    private var exactNames: Column<NameID>
    var positions = SiblingPositions()

    init(_ document: consuming Document, _ program: SelectorProgram, steps: Int) {
        self.document = document
        self.program = program
        stepsLeft = steps
        keys = Column(repeating: 0, count: self.document.count)
        ancestorKeys = Column(repeating: 0, count: self.document.count)
        lowerNames = Column(capacity: program.lowerNames.count)
        exactNames = Column(capacity: program.exactNames.count)
        for name in program.lowerNames { lowerNames.append(self.document.names.find(name)) }
        for name in program.exactNames { exactNames.append(self.document.names.find(name)) }
        findKeys()
        if program.usesPositions { positions.findPositions(self.document) }
        if program.usesTypePositions { stepsLeft -= positions.findTypePositions(self.document, steps: steps) }
    }

    var isExhausted: Bool { stepsLeft <= 0 }

    /// Gives the document back.
    consuming func finish() -> Document { document }

    private mutating func findKeys() {
        let plan = program.keys
        let html = plan.typeBits(document.names, html: true)
        let foreign = plan.typeBits(document.names, html: false)
        let hasAttributes = plan.hasIDs || plan.hasClasses
        for node in 1..<max(document.count, 1) where document.isElement(NodeID(node)) {
            let id = NodeID(truncatingIfNeeded: node)
            let name = Int(document.nodeNames[node].number)
            var bits: UInt64 = 0
            if name < html.count { bits = document.isHTML(id) ? html[name] : foreign[name] }
            if hasAttributes { bits |= attributeKeys(id, plan) }
            keys[node] = bits
            let parent = document.parents[node]
            ancestorKeys[node] = ancestorKeys[parent] | keys[parent]
        }
    }

    private func attributeKeys(_ node: NodeID, _ plan: SelectorKeys) -> UInt64 {
        var bits: UInt64 = 0
        for index in document.attributes(node) {
            let name = document.attributeNames[index].number
            if name == KnownName.class.rawValue, plan.hasClasses {
                var tokens = TokenIterator(document.attributeValues[index])
                while let token = tokens.next(document.text) {
                    bits |= plan.bits(.className, token, in: document.text, ignoringCase: document.isQuirks)
                }
            } else if name == KnownName.id.rawValue, plan.hasIDs {
                bits |= plan.bits(
                    .id, document.attributeValues[index], in: document.text, ignoringCase: document.isQuirks)
            }
        }
        return bits
    }

    // MARK: Selecting

    /// The first match below an element, in the document's order.
    mutating func first(_ list: SelectorListID, below scope: NodeID) -> NodeID {
        next(list, after: scope, below: scope)
    }

    /// The next match behind a node, in the document's order.
    mutating func next(_ list: SelectorListID, after node: NodeID, below scope: NodeID) -> NodeID {
        self.scope = scope
        let end = document.subtreeEnds[scope]
        let range = program.lists[list]
        let isSingle = range.length == 1
        let single = program.selectors[range.lower]
        let subject = isSingle ? program.compounds[single.firstCompound].keys : 0
        let above = isSingle ? single.ancestorKeys : 0
        var candidate = node + 1
        let begin = candidate
        while candidate < end {
            if keys[candidate] & subject == subject, ancestorKeys[candidate] & above == above,
                document.isElement(candidate), matches(list, candidate)
            {
                stepsLeft -= Int(candidate - begin) >> 3
                return isExhausted ? noNode : candidate
            }
            if isExhausted { return noNode }
            candidate &+= 1
        }
        stepsLeft -= Int(candidate - begin) >> 3
        return noNode
    }

    /// If an element matches a list.
    mutating func matches(_ list: SelectorListID, _ node: NodeID) -> Bool {
        let range = program.lists[list]
        for index in range.lower..<range.upper {
            let selector = program.selectors[index]
            if ancestorKeys[node] & selector.ancestorKeys != selector.ancestorKeys { continue }
            if match(selector.firstCompound, selector.firstCompound + selector.compoundCount, node) == .matched {
                return true
            }
        }
        return false
    }

    /// How a selector's part from some compound leftwards fared, and where trying on can help at all.
    private enum Outcome {
        case matched
        /// Another sibling may match.
        case failedHere
        /// Only another ancestor may match.
        case failedAmongSiblings
        /// Nothing else can match.
        case failed
    }

    private mutating func match(_ compoundIndex: Int32, _ end: Int32, _ node: NodeID) -> Outcome {
        stepsLeft &-= 1
        if stepsLeft <= 0 { return .failed }
        let compound = program.compounds[compoundIndex]
        if keys[node] & compound.keys != compound.keys { return .failedHere }
        if compound.testCount > 0, !passes(compound, node) { return .failedHere }
        let left = compoundIndex + 1
        if left == end { return .matched }
        switch compound.combinator {
        case .child:
            let parent = document.parents[node]
            guard parent > documentNode else { return .failed }
            let outcome = match(left, end, parent)
            return outcome == .matched || outcome == .failed ? outcome : .failedAmongSiblings
        case .descendant:
            var ancestor = document.parents[node]
            while ancestor > documentNode {
                let outcome = match(left, end, ancestor)
                if outcome == .matched || outcome == .failed { return outcome }
                ancestor = document.parents[ancestor]
            }
            return .failed
        case .nextSibling:
            let sibling = document.previousElements[node]
            guard sibling != noNode else { return .failedAmongSiblings }
            let outcome = match(left, end, sibling)
            return outcome
        case .subsequentSibling:
            var sibling = document.previousElements[node]
            while sibling != noNode {
                let outcome = match(left, end, sibling)
                if outcome != .failedHere { return outcome }
                sibling = document.previousElements[sibling]
            }
            return .failedAmongSiblings
        }
    }

    private mutating func passes(_ compound: CompiledCompound, _ node: NodeID) -> Bool {
        for index in compound.firstTest..<(compound.firstTest + compound.testCount) {
            if !passes(program.tests[index], node) { return false }
        }
        return true
    }

    private mutating func passes(_ test: SelectorTest, _ node: NodeID) -> Bool {
        switch test.operation {
        case .type:
            return document.nodeNames[node] == name(test.a, node)
        case .id:
            guard let id = document.attribute(node, .id) else { return false }
            return equals(id, value: test.a, ignoringCase: document.isQuirks)
        case .className:
            guard let classes = document.attribute(node, .class) else { return false }
            var tokens = TokenIterator(classes)
            while let token = tokens.next(document.text) {
                if equals(token, value: test.a, ignoringCase: document.isQuirks) { return true }
            }
            return false
        case .attribute:
            let name = name(test.a, node)
            guard name != .none, let found = document.attribute(node, name) else { return false }
            return passesAttribute(test, found, node)
        case .root: return document.parents[node] == documentNode
        case .scope: return scope == documentNode ? document.parents[node] == documentNode : node == scope
        case .anchor: return node == anchor
        case .empty: return isEmpty(node)
        case .nth: return passesNth(test, node)
        case .matches: return matches(test.a, node)
        case .not: return !matches(test.a, node)
        case .textContains: return textContains(test, node)
        case .has: return has(test.a, node)
        }
    }

    /// The number of a name that a test asks for, at an element.
    @inline(__always)
    private func name(_ index: Int32, _ node: NodeID) -> NameID {
        document.isHTML(node) ? lowerNames[index] : exactNames[index]
    }

    func equals(_ range: ByteRange, value: Int32, ignoringCase: Bool) -> Bool {
        ignoringCase
            ? document.text.equalsIgnoringCase(range, program.values[Int(value) + 1])
            : document.text.equals(range, program.values[Int(value)])
    }

    mutating func spend(_ steps: Int) { stepsLeft -= steps }

    // MARK: :has()

    private mutating func has(_ list: SelectorListID, _ node: NodeID) -> Bool {
        let before = anchor
        anchor = node
        defer { anchor = before }
        let range = program.lists[list]
        for index in range.lower..<range.upper where has(program.selectors[index], node) { return true }
        return false
    }

    private mutating func has(_ selector: CompiledSelector, _ node: NodeID) -> Bool {
        let subject = program.compounds[selector.firstCompound].keys
        var candidate: NodeID
        let end: NodeID
        switch selector.leading {
        case .child, .descendant:
            candidate = node + 1
            end = document.subtreeEnds[node]
        case .nextSibling, .subsequentSibling:
            // Siblings behind the anchor, and what is below them.
            candidate = document.subtreeEnds[node]
            end = document.subtreeEnds[document.parents[node]]
        }
        // A child or sibling that is the subject itself has nothing of interest below it.
        let skipsBelow = selector.compoundCount == 2 && selector.leading != .descendant
        let last = selector.firstCompound + selector.compoundCount
        while candidate < end {
            if keys[candidate] & subject == subject, document.isElement(candidate) {
                if match(selector.firstCompound, last, candidate) == .matched { return true }
            } else {
                stepsLeft &-= 1
            }
            if stepsLeft <= 0 { return false }
            candidate = skipsBelow ? document.subtreeEnds[candidate] : candidate + 1
        }
        return false
    }
}
