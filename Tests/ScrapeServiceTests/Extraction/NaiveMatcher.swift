@testable import ScrapeService

/// Matches selectors as they are read, by definition and without any cleverness.
struct NaiveMatcher: ~Copyable {
    private let document: Document

    init(_ document: consuming Document) { self.document = document }

    consuming func finish() -> Document { document }

    func matches(_ list: SelectorList) -> [NodeID] {
        (1..<NodeID(document.count)).filter { document.isElement($0) && matches(list, $0, anchor: noNode) }
    }

    private func matches(_ list: SelectorList, _ node: NodeID, anchor: NodeID) -> Bool {
        list.selectors.contains { matches($0, $0.compounds.count - 1, node, anchor: anchor) }
    }

    private func matches(_ selector: ComplexSelector, _ index: Int, _ node: NodeID, anchor: NodeID) -> Bool {
        guard selector.compounds[index].simples.allSatisfy({ matches($0, node) }) else { return false }
        let combinator = selector.combinators[index]
        if index == 0 {
            guard anchor != noNode, let combinator else { return true }
            return candidates(combinator, node).contains(anchor)
        }
        return candidates(combinator ?? .descendant, node).contains {
            matches(selector, index - 1, $0, anchor: anchor)
        }
    }

    /// The elements that may stand to the left of a combinator.
    private func candidates(_ combinator: Combinator, _ node: NodeID) -> [NodeID] {
        switch combinator {
        case .child: return document.parents[node] == documentNode ? [] : [document.parents[node]]
        case .descendant:
            var found: [NodeID] = []
            var parent = document.parents[node]
            while parent != documentNode {
                found.append(parent)
                parent = document.parents[parent]
            }
            return found
        case .nextSibling: return Array(siblings(node).filter { $0 < node }.suffix(1))
        case .subsequentSibling: return siblings(node).filter { $0 < node }
        }
    }

    private func siblings(_ node: NodeID) -> [NodeID] {
        (1..<NodeID(document.count)).filter {
            document.isElement($0) && document.parents[$0] == document.parents[node]
        }
    }

    private func matches(_ simple: SimpleSelector, _ node: NodeID) -> Bool {
        switch simple {
        case .universal: return true
        case .type(let name): return document.names.text(document.nodeNames[node]) == name
        case .id(let id): return attribute(node, "id") == id
        case .className(let name):
            return attribute(node, "class").map { $0.split(separator: " ").contains { $0 == name } } ?? false
        case .attribute(let selector): return matches(selector, node)
        case .not(let list): return !matches(list, node, anchor: noNode)
        case .matches(let list): return matches(list, node, anchor: noNode)
        case .has(let list):
            return (1..<NodeID(document.count)).contains {
                document.isElement($0) && matches(list, $0, anchor: node)
            }
        case .nth(let nth):
            var among = siblings(node)
            if nth.ofType { among = among.filter { document.nodeNames[$0] == document.nodeNames[node] } }
            if let list = nth.among { among = among.filter { matches(list, $0, anchor: noNode) } }
            if nth.fromEnd { among.reverse() }
            guard let position = among.firstIndex(of: node) else { return false }
            return (0...200).contains { Int(nth.step) * $0 + Int(nth.offset) == position + 1 }
        case .empty: return document.subtreeEnds[node] == node + 1
        case .root, .scope: return document.parents[node] == documentNode
        case .textContains: return false
        }
    }

    private func attribute(_ node: NodeID, _ name: String) -> String? {
        for index in document.attributes(node) where document.names.text(document.attributeNames[index]) == name {
            return document.text.string(document.attributeValues[index])
        }
        return nil
    }

    private func matches(_ selector: AttributeSelector, _ node: NodeID) -> Bool {
        guard let value = attribute(node, selector.name) else { return false }
        let wanted = selector.value
        switch selector.match {
        case .exists: return true
        case .equals: return value == wanted
        case .includes: return value.split(separator: " ").contains { $0 == wanted }
        case .dashPrefix: return value == wanted || value.hasPrefix(wanted + "-")
        case .prefix: return !wanted.isEmpty && value.hasPrefix(wanted)
        case .suffix: return !wanted.isEmpty && value.hasSuffix(wanted)
        case .substring: return !wanted.isEmpty && value.contains(wanted)
        }
    }
}

/// Makes documents and selectors that have something to do with each other.
struct SelectorGenerator {
    var random: SplitMix

    private mutating func below(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
    private mutating func pick<Item>(_ items: [Item]) -> Item { items[below(items.count)] }
    private mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    mutating func page() -> String { "<!doctype html>" + (0..<3).map { _ in element(depth: 0) }.joined() }

    private mutating func element(depth: Int) -> String {
        let name = pick(["div", "span", "b", "i"])
        var tag = "<" + name
        if chance(50) { tag += " class='\(pick(["x", "y", "x y", "z"]))'" }
        if chance(20) { tag += " id=\(pick(["m", "n"]))" }
        if chance(40) { tag += " k='\(pick(["v", "v-w", "w v", ""]))'" }
        let count = depth < 5 ? below(4) : 0
        return tag + ">" + (0..<count).map { _ in element(depth: depth + 1) }.joined() + "</\(name)>"
    }

    mutating func list(depth: Int) -> SelectorList {
        SelectorList(selectors: (0...below(2)).map { _ in complex(depth, leading: nil) })
    }

    private mutating func complex(_ depth: Int, leading: Combinator?) -> ComplexSelector {
        var selector = ComplexSelector(compounds: [compound(depth)], combinators: [leading])
        while chance(50), selector.compounds.count < 4 {
            selector.compounds.append(compound(depth))
            selector.combinators.append(pick([.descendant, .child, .nextSibling, .subsequentSibling]))
        }
        return selector
    }

    private mutating func compound(_ depth: Int) -> CompoundSelector {
        var simples: [SimpleSelector] = []
        if chance(40) { simples.append(.type(pick(["div", "span", "b", "i"]))) }
        while simples.isEmpty || chance(30) { simples.append(simple(depth)) }
        return CompoundSelector(simples: simples)
    }

    private mutating func simple(_ depth: Int) -> SimpleSelector {
        switch below(depth > 1 ? 8 : 12) {
        case 0: return .universal
        case 1, 2: return .className(pick(["x", "y", "z"]))
        case 3: return .id(pick(["m", "n"]))
        case 4:
            return .attribute(
                AttributeSelector(
                    name: "k", match: pick([.exists, .equals, .includes, .dashPrefix, .prefix, .suffix, .substring]),
                    value: pick(["v", "w", ""]), letterCase: .automatic))
        case 5: return .empty
        case 6, 7:
            return .nth(
                NthSelector(
                    step: Int32(below(5) - 2), offset: Int32(below(6) - 2), fromEnd: chance(50), ofType: chance(50),
                    among: nil))
        case 8:
            return .nth(
                NthSelector(
                    step: Int32(below(3)), offset: 1, fromEnd: chance(50), ofType: false, among: list(depth: depth + 1))
            )
        case 9: return .not(list(depth: depth + 1))
        case 10: return .matches(list(depth: depth + 1))
        default:
            let leading: Combinator = pick([.descendant, .child, .nextSibling, .subsequentSibling])
            return .has(SelectorList(selectors: [complex(depth + 2, leading: leading)]))
        }
    }
}
