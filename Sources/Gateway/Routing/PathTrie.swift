/// Templates by their segments: finds the most specific one in the time that the path's length takes.
///
/// A literal goes before `*`, `*` before `**`, a template with the path's verb before one without. A verb that a template
/// has is never taken for the end of a name, whatever the method: `GET /things/7:run` is no look at a thing `7:run`.
struct PathTrie {
    /// A template's end.
    struct Leaf {
        let verb: Substring?
        /// As `POST`.
        let method: String
        let route: Int
    }

    // Built once, by reference while it grows; nobody else has it.
    private final class Node {
        var literals: [Substring: Node] = [:]
        var any: Node?
        var leaves: [Leaf] = []
        var rest: [Leaf] = []
    }

    /// A node as it lies in the array of all.
    private struct FrozenNode: Sendable {
        var literals: [Substring: Int] = [:]
        var any: Int?
        var leaves: [Leaf] = []
        var rest: [Leaf] = []
    }

    private let nodes: [FrozenNode]

    /// - Throws: Where two templates of one method match the same paths.
    init(_ routes: [(method: String, template: PathTemplate)]) throws(RouteError) {
        let root = Node()
        for (index, route) in routes.enumerated() {
            var node = root
            var takesRest = false
            for segment in route.template.segments {
                switch segment {
                case .literal(let text):
                    let next = node.literals[Substring(text)] ?? Node()
                    node.literals[Substring(text)] = next
                    node = next
                case .any:
                    let next = node.any ?? Node()
                    node.any = next
                    node = next
                case .rest: takesRest = true
                }
            }
            let leaf = Leaf(verb: route.template.verb.map { $0[...] }, method: route.method, route: index)
            let others = takesRest ? node.rest : node.leaves
            guard !others.contains(where: { $0.verb == leaf.verb && $0.method == leaf.method }) else {
                throw RouteError("\(route.method) \(route.template)", "another method has a route for the same paths")
            }
            if takesRest { node.rest.append(leaf) } else { node.leaves.append(leaf) }
        }
        var frozen: [FrozenNode] = []
        _ = Self.freeze(root, into: &frozen)
        nodes = frozen
    }

    private static func freeze(_ node: Node, into frozen: inout [FrozenNode]) -> Int {
        let place = frozen.count
        frozen.append(FrozenNode())
        var copy = FrozenNode(leaves: node.leaves, rest: node.rest)
        for (text, child) in node.literals { copy.literals[text] = freeze(child, into: &frozen) }
        if let child = node.any { copy.any = freeze(child, into: &frozen) }
        frozen[place] = copy
        return place
    }

    /// The route of a path, by its place among those that the trie was made of.
    ///
    /// - Parameter others: Gets the methods of templates that match the path and not the method.
    func find(_ method: String, _ path: RequestPath, others: inout [String]) -> Int? {
        search(0, 0, method, path, &others)
    }

    private func search(
        _ place: Int, _ depth: Int, _ method: String, _ path: RequestPath, _ others: inout [String]
    ) -> Int? {
        let node = nodes[place]
        let count = path.decoded.count
        guard depth < count else {
            return pick(node.leaves, nil, method, &others) ?? pick(node.rest, nil, method, &others)
        }
        let segment = path.decoded[depth]
        let verb = depth == count - 1 ? path.verb : nil
        if let child = node.literals[segment], let found = search(child, depth + 1, method, path, &others) {
            return found
        }
        if let verb, let child = node.literals[verb.head],
            let found = pick(nodes[child].leaves, verb.name, method, &others)
                ?? pick(nodes[child].rest, verb.name, method, &others)
        {
            return found
        }
        if let child = node.any {
            var isVerb = false
            if let verb, !verb.head.isEmpty {
                if let found = pick(nodes[child].leaves, verb.name, method, &others)
                    ?? pick(nodes[child].rest, verb.name, method, &others)
                {
                    return found
                }
                isVerb = nodes[child].leaves.contains { $0.verb == verb.name }
            }
            if !isVerb, !segment.isEmpty, let found = search(child, depth + 1, method, path, &others) { return found }
        }
        guard !node.rest.isEmpty else { return nil }
        if let verb = path.verb {
            if let found = pick(node.rest, verb.name, method, &others) { return found }
            if node.rest.contains(where: { $0.verb == verb.name }) { return nil }
        }
        return pick(node.rest, nil, method, &others)
    }

    private func pick(
        _ leaves: [Leaf], _ verb: Substring?, _ method: String, _ others: inout [String]
    ) -> Int? {
        for leaf in leaves where leaf.verb == verb {
            if leaf.method == method { return leaf.route }
            if !others.contains(leaf.method) { others.append(leaf.method) }
        }
        return nil
    }
}
