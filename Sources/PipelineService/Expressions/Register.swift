/// The values of a part of an expression, one a row, or one for all rows.
struct Register: Sendable {
    enum Values: Sendable {
        case bool([Bool])
        case int([Int64])
        case uint([UInt64])
        case double([Double])
        case decimal([ExactDecimal])
        case string(Strings)
        case bytes(Strings)
        /// Microseconds since 1970.
        case timestamp([Int64])
        /// Microseconds.
        case duration([Int64])
        case null(count: Int)
        case list(Lists)
        case map(Table)
    }

    /// Lists: each a range of elements.
    final class Lists: Sendable {
        let extents: [Extent]
        let elements: Register

        init(extents: [Extent], elements: Register) {
            self.extents = extents
            self.elements = elements
        }
    }

    /// A map literal: the same keys in each row, a register of values a key.
    final class Table: Sendable {
        let keys: [Literal]
        let positions: [Literal: Int]
        let values: [Register]

        init(keys: [Literal], values: [Register]) {
            self.keys = keys
            self.values = values
            positions = Dictionary(keys.enumerated().map { ($1, $0) }) { first, _ in first }
        }
    }

    var values: Values
    /// A byte a row: 0 for a value, 1 for null, else the site of the error that stands for the value. None where all
    /// rows have values.
    var status: [UInt8]?
    /// If the one value stands for all rows.
    var isConstant: Bool

    init(_ values: Values, status: [UInt8]? = nil, isConstant: Bool = false) {
        self.values = values
        self.status = status
        self.isConstant = isConstant
    }

    static let null: UInt8 = 1

    /// How many values are held.
    var count: Int {
        switch values {
        case .bool(let values): values.count
        case .int(let values), .timestamp(let values), .duration(let values): values.count
        case .uint(let values): values.count
        case .double(let values): values.count
        case .decimal(let values): values.count
        case .string(let values), .bytes(let values): values.count
        case .null(let count): count
        case .list(let lists): lists.extents.count
        case .map(let table): table.values.first?.count ?? 1
        }
    }

    /// A value for all rows.
    init(_ literal: Literal) {
        switch literal {
        case .null: self.init(.null(count: 1), status: [Self.null], isConstant: true)
        case .bool(let value): self.init(.bool([value]), isConstant: true)
        case .int(let value): self.init(.int([value]), isConstant: true)
        case .uint(let value): self.init(.uint([value]), isConstant: true)
        case .double(let value): self.init(.double([value]), isConstant: true)
        case .decimal(let value): self.init(.decimal([value]), isConstant: true)
        case .string(let value): self.init(.string(Strings([value])), isConstant: true)
        case .bytes(let value):
            self.init(
                .bytes(Strings(bytes: value, extents: [Extent(start: 0, length: UInt32(value.count))])),
                isConstant: true)
        }
    }

    /// A column as expressions see it. A date is its midnight in UTC.
    init(_ column: Column) {
        let values: Values =
            switch column.values {
            case .bool(let cells): .bool(cells)
            case .int64(let cells): .int(cells)
            case .double(let cells): .double(cells)
            case .decimal(let cells): .decimal(cells)
            case .string(let cells): .string(cells)
            case .timestamp(let cells): .timestamp(cells)
            case .date(let cells): .timestamp(cells.map { Int64($0) * CivilTime.microsecondsPerDay })
            case .stringList(let cells):
                .list(Lists(extents: cells.extents, elements: Register(.string(cells.elements))))
            }
        self.init(values, status: column.nulls)
    }

    /// The values at these positions.
    func gather(_ rows: [UInt32]) -> Register {
        guard !isConstant else { return self }
        let status = status.map { pick($0, rows) }
        let values: Values =
            switch values {
            case .bool(let values): .bool(pick(values, rows))
            case .int(let values): .int(pick(values, rows))
            case .uint(let values): .uint(pick(values, rows))
            case .double(let values): .double(pick(values, rows))
            case .decimal(let values): .decimal(pick(values, rows))
            case .string(let values): .string(Strings(bytes: values.bytes, extents: pick(values.extents, rows)))
            case .bytes(let values): .bytes(Strings(bytes: values.bytes, extents: pick(values.extents, rows)))
            case .timestamp(let values): .timestamp(pick(values, rows))
            case .duration(let values): .duration(pick(values, rows))
            case .null: .null(count: rows.count)
            case .list(let lists): .list(Lists(extents: pick(lists.extents, rows), elements: lists.elements))
            case .map(let table): .map(Table(keys: table.keys, values: table.values.map { $0.gather(rows) }))
            }
        return Register(values, status: status)
    }

    /// One value for each of `count` rows.
    func expanded(to count: Int) -> Register {
        guard isConstant else { return self }
        var copy = self
        copy.isConstant = false
        return copy.gather([UInt32](repeating: 0, count: count))
    }
}
