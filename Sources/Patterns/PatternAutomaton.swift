/// A pattern as a table: state and byte give the next state.
struct PatternAutomaton: Sendable {
    /// More than any bounded text needs; a pattern over it is refused when the contract is built.
    static let maxPositions = 20_000
    static let maxStates = 4_096

    /// Which column of the table a byte is in: bytes that no class tells apart share one.
    private var columns = [UInt8](repeating: 0, count: 256)
    private var columnCount = 1
    /// Rows of next states. State 0 has no way out; state 1 is the first.
    private var table: [UInt16] = []
    private var isAccepting: [Bool] = []

    init(_ node: PatternNode) throws(PatternError) {
        var graph = PositionGraph()
        let start = graph.newPosition()
        let end = try graph.add(node, from: start)
        classify(graph)
        try determine(graph, start: start, end: end)
    }

    /// Whether all of `bytes` match: one look into the table a byte.
    func matches(_ bytes: some Sequence<UInt8>) -> Bool {
        var state = 1
        for byte in bytes {
            state = Int(table[state * columnCount + Int(columns[Int(byte)])])
            if state == 0 { return false }
        }
        return isAccepting[state]
    }

    private mutating func classify(_ graph: PositionGraph) {
        let sets = Set(graph.edges.joined().map(\.set))
        var columnOf: [[Bool]: UInt8] = [:]
        for byte in UInt8.min...UInt8.max {
            let key = sets.map { $0.contains(byte) }
            let column = columnOf[key] ?? UInt8(columnOf.count)
            columnOf[key] = column
            columns[Int(byte)] = column
        }
        columnCount = columnOf.count
    }

    private mutating func determine(_ graph: PositionGraph, start: Int, end: Int) throws(PatternError) {
        var representatives = [UInt8](repeating: 0, count: columnCount)
        for byte in UInt8.min...UInt8.max { representatives[Int(columns[Int(byte)])] = byte }

        let first = graph.closure([start])
        var numbers: [Set<Int>: UInt16] = [[]: 0, first: 1]
        var pending = [first]
        table = [UInt16](repeating: 0, count: 2 * columnCount)
        isAccepting = [false, first.contains(end)]
        while let state = pending.popLast() {
            let row = Int(numbers[state] ?? 0) * columnCount
            for column in 0..<columnCount {
                let next = graph.closure(graph.step(state, over: representatives[column]))
                if numbers[next] == nil {
                    guard isAccepting.count < Self.maxStates else {
                        throw PatternError("it needs a table of more than \(Self.maxStates) states")
                    }
                    numbers[next] = UInt16(isAccepting.count)
                    table += [UInt16](repeating: 0, count: columnCount)
                    isAccepting.append(next.contains(end))
                    pending.append(next)
                }
                table[row + column] = numbers[next] ?? 0
            }
        }
    }
}

/// Where a match may stand, with steps over one byte and steps over nothing (Thompson's construction).
private struct PositionGraph {
    private(set) var edges: [[(set: ByteSet, to: Int)]] = []
    private var free: [[Int]] = []

    mutating func newPosition() -> Int {
        edges.append([])
        free.append([])
        return edges.count - 1
    }

    /// Adds the way over `node` from `start`, and gives its end.
    mutating func add(_ node: PatternNode, from start: Int) throws(PatternError) -> Int {
        guard edges.count < PatternAutomaton.maxPositions else { throw PatternError("its counts make it too large") }
        switch node {
        case .byte(let set):
            let end = newPosition()
            edges[start].append((set, end))
            return end
        case .sequence(let parts):
            var end = start
            for part in parts { end = try add(part, from: end) }
            return end
        case .choice(let branches):
            let end = newPosition()
            for branch in branches {
                let begin = newPosition()
                free[start].append(begin)
                free[try add(branch, from: begin)].append(end)
            }
            return end
        case .repeated(let inner, let min, let max):
            var end = start
            for _ in 0..<min { end = try add(inner, from: end) }
            guard let max else { return try addLoop(inner, from: end) }
            let last = newPosition()
            for _ in min..<max {
                free[end].append(last)
                end = try add(inner, from: end)
            }
            free[end].append(last)
            return last
        }
    }

    private mutating func addLoop(_ inner: PatternNode, from start: Int) throws(PatternError) -> Int {
        let loop = newPosition()
        free[start].append(loop)
        free[try add(inner, from: loop)].append(loop)
        let end = newPosition()
        free[loop].append(end)
        return end
    }

    func closure(_ positions: Set<Int>) -> Set<Int> {
        var result = positions
        var pending = Array(positions)
        while let position = pending.popLast() {
            for next in free[position] where result.insert(next).inserted { pending.append(next) }
        }
        return result
    }

    func step(_ positions: Set<Int>, over byte: UInt8) -> Set<Int> {
        var result: Set<Int> = []
        for position in positions {
            for edge in edges[position] where edge.set.contains(byte) { result.insert(edge.to) }
        }
        return result
    }
}
