/// Runs a program over a batch.
///
/// Rows are a domain; so are the elements of all lists that a macro goes over, and the rows that a condition leaves. A
/// node is computed in the outermost domain that has what it depends on, and its values are carried inwards.
struct Evaluation {
    private let program: Program
    private let batch: ColumnBatch?
    private let limit = Limit()

    private final class Limit {
        /// If a limit on what a batch makes was reached anywhere, also where no error of it is left.
        var isReached = false
        /// What all values that are kept take together.
        var bytes = 0
    }

    /// Why an evaluation was given up.
    private enum Stop: Error {
        /// Its values take more memory than they may.
        case tooLarge
        /// Nobody waits for it any more.
        case unwanted
    }

    /// Rows or elements that nodes are computed for.
    final class Domain {
        let count: Int
        let parent: Domain?
        /// The parent's row, row by row.
        let rows: [UInt32]
        /// How many macros are around.
        let level: Int
        /// The macro's variable and its values.
        let variable: (Int, Register)?
        var known: [Int: Register] = [:]

        init(count: Int, parent: Domain? = nil, rows: [UInt32] = [], level: Int = 0, variable: (Int, Register)? = nil) {
            self.count = count
            self.parent = parent
            self.rows = rows
            self.level = level
            self.variable = variable
        }
    }

    private init(program: Program, batch: ColumnBatch?) {
        self.program = program
        self.batch = batch
    }

    /// The values of a node for each row of a batch.
    ///
    /// Limits on what a batch makes are there for memory, and a row must not fail for the rows beside it: a batch that
    /// reaches one is computed in halves. What nobody waits for any more (`WorkToken`) gives errors.
    static func run(_ program: Program, _ node: Int, _ batch: ColumnBatch) -> Register {
        do {
            let (register, isWhole) = try attempt(program, node, batch)
            if isWhole || batch.rowCount <= 1 { return register }
        } catch Stop.tooLarge where batch.rowCount > 1 {} catch { return failed(batch.rowCount) }
        let middle = batch.rowCount / 2
        return Register.concatenated([
            run(program, node, batch.slice(0..<middle)), run(program, node, batch.slice(middle..<batch.rowCount)),
        ])
    }

    /// A function of its own, so that nothing of a batch is kept while its halves are computed.
    private static func attempt(
        _ program: Program, _ node: Int, _ batch: ColumnBatch
    ) throws -> (register: Register, isWhole: Bool) {
        let evaluation = Evaluation(program: program, batch: batch)
        let register = try evaluation.value(node, Domain(count: batch.rowCount)).expanded(to: batch.rowCount)
        return (register, !evaluation.limit.isReached)
    }

    private static func failed(_ count: Int) -> Register {
        Register(.null(count: count), status: [UInt8](repeating: Program.generalSite(.textLimit), count: count))
    }

    /// The one value of a node that depends on no row.
    static func fold(_ program: Program, _ node: Int) -> Register {
        do { return try Evaluation(program: program, batch: nil).value(node, Domain(count: 1)) } catch {
            return failed(1)
        }
    }

    private func value(_ index: Int, _ domain: Domain) throws -> Register {
        let node = program.nodes[index]
        if case .constant(let constant) = node.operation { return program.constants[constant] }
        if let register = domain.known[index] { return register }
        if WorkToken.current?.isCancelled == true { throw Stop.unwanted }
        let register: Register
        if let parent = domain.parent, isInherited(node, index, domain, parent) {
            register = try value(index, parent).gather(domain.rows)
        } else {
            register = try compute(node, domain)
            let limits = node.sites.limits
            if !limits.isEmpty, let status = register.status, status.contains(where: limits.contains) {
                limit.isReached = true
            }
        }
        switch node.operation {
        // Columns and elements are there already.
        case .field, .variable: break
        default:
            limit.bytes += register.weight
            guard limit.bytes <= program.limits.maximumEvaluationBytes else { throw Stop.tooLarge }
        }
        domain.known[index] = register
        return register
    }

    /// If a value comes from the domain around: where it is the same for all elements of a row, and, among rows that a
    /// condition left, where it is known there already or is no more than a column.
    private func isInherited(_ node: Program.Node, _ index: Int, _ domain: Domain, _ parent: Domain) -> Bool {
        if node.level < domain.level, parent.level < domain.level { return true }
        if domain.variable != nil { return false }
        switch node.operation {
        case .field, .variable: return true
        default: return parent.known[index] != nil
        }
    }

    private func compute(_ node: Program.Node, _ domain: Domain) throws -> Register {
        let arguments = node.arguments
        switch node.operation {
        case .constant(let constant): return program.constants[constant]
        case .field(let field):
            guard let batch else { preconditionFailure("a field has no constant value") }
            return Register(batch.columns[field])
        case .variable(let variable):
            guard let (known, register) = domain.variable, known == variable else {
                preconditionFailure("a variable belongs to its macro")
            }
            return register
        case .function(let function):
            let context = KernelContext(
                count: domain.count, sites: node.sites, limits: program.limits, pattern: node.pattern)
            return function.apply(try arguments.map { try value($0, domain) }, context)
        case .equal(let negated):
            return equality(
                try value(arguments[0], domain), try value(arguments[1], domain), negated: negated, count: domain.count)
        case .and: return try connected(node, domain, decisive: false)
        case .or: return try connected(node, domain, decisive: true)
        case .conditional: return try chosen(node, domain)
        case .list: return try list(node, domain)
        case .map(let keys): return try map(node, keys, domain)
        case .isElement: return try membership(node, domain)
        case .isPresent:
            let register = try value(arguments[0], domain)
            guard let status = register.status else { return Register(.bool([true]), isConstant: true) }
            return Register(.bool(status.map { $0 == 0 }), isConstant: register.isConstant)
        case .comprehension(let kind, let variable): return try comprehension(node, kind, variable, domain)
        }
    }

    // MARK: - Conditions

    /// Dearer than this, a part is computed only for the rows that need it.
    private static let dear = 10

    /// The part of a domain that these rows are.
    private func part(_ domain: Domain, _ rows: [UInt32]) -> Domain {
        Domain(count: rows.count, parent: domain, rows: rows, level: domain.level)
    }

    /// `&&` and `||`: one operand of the decisive value decides, whatever the other is, an error too.
    private func connected(_ node: Program.Node, _ domain: Domain, decisive: Bool) throws -> Register {
        let (first, second) =
            program.nodes[node.arguments[0]].cost <= program.nodes[node.arguments[1]].cost
            ? (node.arguments[0], node.arguments[1]) : (node.arguments[1], node.arguments[0])
        let left = try value(first, domain)
        if program.nodes[second].cost >= Self.dear, !left.isConstant, case .bool(let values) = left.values {
            let open = (0..<domain.count).filter { values[$0] != decisive || (left.status?[$0] ?? 0) != 0 }
            if open.isEmpty { return left }
            if open.count < domain.count / 2 {
                let rows = open.map { UInt32($0) }
                let right = try value(second, part(domain, rows))
                return Logic.scattered(
                    Logic.connected(left.gather(rows), right, decisive, node.sites[.nullOperand], rows.count), rows,
                    into: left)
            }
        }
        return Logic.connected(left, try value(second, domain), decisive, node.sites[.nullOperand], domain.count)
    }

    private func chosen(_ node: Program.Node, _ domain: Domain) throws -> Register {
        let condition = try value(node.arguments[0], domain)
        guard case .bool(let values) = condition.values else {
            // Null in all rows, or an error that is older than its type.
            let status = StatusBuilder([condition], count: domain.count, nullSite: node.sites[.nullOperand])
            return Register(.null(count: domain.count), status: status.bytes)
        }
        if condition.isConstant, condition.status == nil { return try value(node.arguments[values[0] ? 1 : 2], domain) }
        let isDear = node.arguments[1...].contains { program.nodes[$0].cost >= Self.dear }
        guard isDear, !condition.isConstant else {
            let (positive, negative) = (try value(node.arguments[1], domain), try value(node.arguments[2], domain))
            if let failed = tooLarge([positive, negative], node, .textLimit, domain.count) { return failed }
            return Logic.chosen(condition, positive, negative, node.sites[.nullOperand], domain.count)
        }
        let yes = (0..<domain.count).filter { values[$0] }.map { UInt32($0) }
        let no = (0..<domain.count).filter { !values[$0] }.map { UInt32($0) }
        let positive = try value(node.arguments[1], part(domain, yes)).expanded(to: yes.count)
        let negative = try value(node.arguments[2], part(domain, no)).expanded(to: no.count)
        if let failed = tooLarge([positive, negative], node, .textLimit, domain.count) { return failed }
        var places = [UInt32](repeating: 0, count: domain.count)
        for (place, row) in yes.enumerated() { places[Int(row)] = UInt32(place) }
        for (place, row) in no.enumerated() { places[Int(row)] = UInt32(yes.count + place) }
        let result = Register.concatenated([positive, negative]).gather(places)
        return Logic.guarded(result, by: condition, node.sites[.nullOperand], domain.count)
    }

    /// The error that registers are where they would be too large below each other.
    private func tooLarge(
        _ registers: [Register], _ node: Program.Node, _ error: EvaluationError, _ count: Int
    ) -> Register? {
        guard registers.reduce(0, { $0 + $1.footprint }) > program.limits.maximumBatchTextBytes else { return nil }
        return Register(.null(count: count), status: [UInt8](repeating: node.sites[error], count: count))
    }

    // MARK: - Lists and maps

    private func list(_ node: Program.Node, _ domain: Domain) throws -> Register {
        let width = node.arguments.count
        guard width > 0 else {
            let empty = Register.Lists(extents: [Extent(start: 0, length: 0)], elements: Register(.null(count: 0)))
            return Register(.list(empty), isConstant: true)
        }
        let registers = try node.arguments.map { try value($0, domain).expanded(to: domain.count) }
        if let failed = tooLarge(registers, node, .listLimit, domain.count) { return failed }
        let isConstant = node.free.isEmpty
        let height = isConstant ? 1 : domain.count
        // Row by row, the first `most` of them.
        let most = min(height, program.limits.maximumBatchElements / width)
        let stacked = Register.concatenated(registers.map { $0.expanded(to: height) })
        let order = (0..<most * width).map { UInt32($0 % width * height + $0 / width) }
        let extents = (0..<height).map {
            Extent(start: $0 < most ? UInt32($0 * width) : 0, length: $0 < most ? UInt32(width) : 0)
        }
        var status = Logic.errors(of: registers, height)
        for row in most..<max(most, height) { status.fail(row, node.sites[.listLimit]) }
        let elements = Logic.withoutErrors(stacked.gather(order))
        return Register(
            .list(Register.Lists(extents: extents, elements: elements)), status: status.bytes, isConstant: isConstant)
    }

    private func map(_ node: Program.Node, _ keys: [Literal], _ domain: Domain) throws -> Register {
        let registers = try node.arguments.map { try value($0, domain) }
        let isConstant = registers.allSatisfy { $0.isConstant }
        let height = isConstant ? 1 : domain.count
        let status = Logic.errors(of: registers, height)
        let values = registers.map { Logic.withoutErrors($0.expanded(to: height)) }
        return Register(
            .map(Register.Table(keys: keys, values: values)), status: status.bytes, isConstant: isConstant)
    }

    private func membership(_ node: Program.Node, _ domain: Domain) throws -> Register {
        let (needle, haystack) = (try value(node.arguments[0], domain), try value(node.arguments[1], domain))
        let isConstant = needle.isConstant && haystack.isConstant
        let count = isConstant ? 1 : domain.count
        var status = Logic.errors(of: [needle, haystack], count)
        guard case .list(let lists) = haystack.values else {
            let whole = StatusBuilder([haystack], count: count, nullSite: node.sites[.nullOperand])
            return Register(
                .bool([Bool](repeating: false, count: count)), status: whole.bytes, isConstant: isConstant)
        }
        if let nulls = haystack.status {
            for row in 0..<count where nulls[haystack.at(row)] == Register.null {
                status.fail(row, node.sites[.nullOperand])
            }
        }
        if haystack.isConstant, let values = Membership.values(of: needle, among: lists, count) {
            return Register(.bool(values), status: status.bytes, isConstant: isConstant)
        }
        let values = (0..<count).map { row in
            status.isValue(row)
                && lists.extents[haystack.at(row)].range.contains { equalValues(needle, row, lists.elements, $0) }
        }
        return Register(.bool(values), status: status.bytes, isConstant: isConstant)
    }

    private func comprehension(
        _ node: Program.Node, _ kind: Program.Comprehension, _ variable: Int, _ domain: Domain
    ) throws -> Register {
        let range = try value(node.arguments[0], domain).expanded(to: domain.count)
        var status = StatusBuilder([range], count: domain.count, nullSite: node.sites[.nullOperand])
        var flat: [UInt32] = []
        var parents: [UInt32] = []
        var extents = [Extent](repeating: Extent(start: 0, length: 0), count: domain.count)
        var elements = Register(.null(count: 0))
        if case .list(let lists) = range.values {
            elements = lists.elements
            for row in 0..<domain.count where status.isValue(row) {
                let extent = lists.extents[row]
                guard flat.count + Int(extent.length) <= program.limits.maximumBatchElements else {
                    status.fail(row, node.sites[.listLimit])
                    continue
                }
                extents[row] = Extent(start: UInt32(flat.count), length: extent.length)
                flat.append(contentsOf: extent.range.map { UInt32($0) })
                parents.append(contentsOf: repeatElement(UInt32(row), count: Int(extent.length)))
            }
        }
        let variables = elements.count == 0 ? elements : elements.gather(flat)
        let inner = Domain(
            count: flat.count, parent: domain, rows: parents, level: domain.level + 1, variable: (variable, variables))
        let bodies = try node.arguments.dropFirst().map { try value($0, inner).expanded(to: flat.count) }
        return Logic.folded(
            kind, bodies, variables, extents, &status, nullSite: node.sites[.nullOperand])
    }
}
