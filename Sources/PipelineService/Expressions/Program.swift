/// A checked expression as nodes, each of which gives a register from other nodes' registers. Equal parts of an expression
/// are one node.
struct Program: Sendable {
    enum Operation: Sendable, Hashable {
        /// A register that is known beforehand.
        case constant(Int)
        /// A column of the batch.
        case field(Int)
        /// The element that a macro names.
        case variable(Int)
        case function(Function)
        case equal(negated: Bool)
        case and
        case or
        case conditional
        case list
        case map(keys: [Literal])
        /// Membership in a list.
        case isElement
        /// If a field is not null.
        case isPresent
        case comprehension(Comprehension, variable: Int)
    }

    /// What a macro does with the elements of a list: the first argument is the list, then come the bodies.
    enum Comprehension: Sendable, Hashable { case all, exists, existsOne, filter, map, filterMap }

    struct Node: Sendable {
        let operation: Operation
        let arguments: [Int]
        let type: ExpressionType
        /// The macros' variables that its value depends on; a field counts as -1.
        let free: Set<Int>
        /// How many macros around it give those variables: 0 where it depends on fields only.
        let level: Int
        /// What it costs a row, by estimate.
        let cost: Int
        let sites: ErrorSites
        let pattern: Pattern?
    }

    private(set) var nodes: [Node] = []
    private(set) var constants: [Register] = []
    /// What each status byte stands for.
    private(set) var sites: [ErrorSite?]
    let limits: ExpressionLimits
    private var known: [Key: Int] = [:]
    private var literals: [Literal: Int] = [:]

    private struct Key: Hashable {
        let operation: Operation
        let arguments: [Int]
    }

    init(limits: ExpressionLimits) {
        self.limits = limits
        // 0 is a value and 1 null. The next ones are errors anywhere, for what comes when all other bytes are taken.
        sites = [nil, nil] + EvaluationError.allCases.map { ErrorSite(error: $0, position: nil) }
    }

    /// Adds a node, or finds its equal. What depends on no row is computed now.
    mutating func add(
        _ operation: Operation, _ arguments: [Int], _ type: ExpressionType, position: SourcePosition,
        variables: Set<Int> = [], level: Int = 0, pattern: Pattern? = nil
    ) -> Int {
        let key = Key(operation: operation, arguments: arguments)
        if let index = known[key] { return index }
        var free = arguments.reduce(into: variables) { $0.formUnion(nodes[$1].free) }
        if case .comprehension(_, let variable) = operation { free.remove(variable) }
        let ownLevel = arguments.map { nodes[$0].level }.max() ?? 0
        let isMacro = if case .comprehension = operation { true } else { false }
        let node = Node(
            operation: operation, arguments: arguments, type: type, free: free,
            level: max(level, isMacro ? levels(of: free) : ownLevel), cost: cost(operation, arguments),
            sites: sites(for: operation, position), pattern: pattern)
        nodes.append(node)
        let index = nodes.count - 1
        if node.free.isEmpty, isFoldable(node) {
            var register = Evaluation.fold(self, index)
            register.isConstant = true
            nodes[index] = Node(
                operation: .constant(constants.count), arguments: [], type: type, free: [], level: 0, cost: 0,
                sites: node.sites, pattern: nil)
            constants.append(register)
        }
        known[key] = index
        return index
    }

    mutating func addLiteral(_ literal: Literal, _ type: ExpressionType) -> Int {
        // Zero and minus zero are equal, and not the same.
        let isMinusZero = if case .double(let value) = literal { value == 0 && value.sign == .minus } else { false }
        if !isMinusZero, let index = literals[literal] { return index }
        nodes.append(
            Node(
                operation: .constant(constants.count), arguments: [], type: type, free: [], level: 0, cost: 0,
                sites: ErrorSites([:]), pattern: nil))
        constants.append(Register(literal))
        if !isMinusZero { literals[literal] = nodes.count - 1 }
        return nodes.count - 1
    }

    /// The level of each variable, by its number.
    private var variableLevels: [Int: Int] = [:]

    mutating func declare(variable: Int, level: Int) { variableLevels[variable] = level }

    private func levels(of free: Set<Int>) -> Int { free.map { variableLevels[$0] ?? 0 }.max() ?? 0 }

    /// A map has a place only in front of an index, which sees through it.
    private func isFoldable(_ node: Node) -> Bool {
        if case .constant = node.operation { false } else { true }
    }

    private func cost(_ operation: Operation, _ arguments: [Int]) -> Int {
        let below = arguments.reduce(0) { $0 + nodes[$1].cost }
        switch operation {
        case .constant, .field, .variable: return 0
        case .function(let function):
            switch function {
            case .matches: return below + 20
            case .textTest, .textMap, .charAt, .indexOf, .lastIndexOf, .substring, .replace, .split, .join, .toString,
                .concatenateLists:
                return below + 10
            default: return below + 2
            }
        case .isElement, .list, .map: return below + 2 + arguments.count
        case .comprehension:
            // Lists are taken to hold a hundred elements.
            let bodies = arguments.dropFirst().reduce(0) { $0 + nodes[$1].cost + 1 }
            return nodes[arguments[0]].cost + 100 * bodies
        default: return below + 1
        }
    }

    private mutating func sites(for operation: Operation, _ position: SourcePosition) -> ErrorSites {
        var errors: [EvaluationError] = [.nullOperand]
        switch operation {
        case .function(let function): errors += function.errors
        case .comprehension, .list: errors.append(.listLimit)
        case .conditional: errors.append(.textLimit)
        case .constant, .field, .variable, .isPresent: return ErrorSites([:])
        default: break
        }
        return ErrorSites(Dictionary(uniqueKeysWithValues: errors.map { ($0, site($0, position)) }))
    }

    private mutating func site(_ error: EvaluationError, _ position: SourcePosition) -> UInt8 {
        if sites.count <= Int(UInt8.max) {
            sites.append(ErrorSite(error: error, position: position))
            return UInt8(sites.count - 1)
        }
        return Self.generalSite(error)
    }

    /// The byte of an error that has no place.
    static func generalSite(_ error: EvaluationError) -> UInt8 {
        UInt8(2 + (EvaluationError.allCases.firstIndex(of: error) ?? 0))
    }
}
