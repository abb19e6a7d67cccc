/// A column's name and type.
struct Field: Sendable, Hashable {
    let name: String
    let type: ColumnType

    init(_ name: String, _ type: ColumnType) {
        self.name = name
        self.type = type
    }
}

/// The columns of a batch, in order. Names are unique.
struct Schema: Sendable, Hashable {
    let fields: [Field]
    private let indices: [String: Int]

    /// Refuses more columns or longer names than `limits` allow, and names that are empty, twice there or hold control
    /// characters.
    init(_ fields: [Field], limits: SchemaLimits = SchemaLimits()) throws(SchemaError) {
        guard fields.count <= limits.maximumColumns else {
            throw .tooManyColumns(fields.count, maximum: limits.maximumColumns)
        }
        var indices: [String: Int] = [:]
        for (index, field) in fields.enumerated() {
            guard !field.name.isEmpty else { throw .emptyName(column: index + 1) }
            guard field.name.utf8.count <= limits.maximumNameBytes else {
                throw .nameTooLong(column: index + 1, maximum: limits.maximumNameBytes)
            }
            guard !field.name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw .controlCharacter(column: index + 1)
            }
            guard indices.updateValue(index, forKey: field.name) == nil else { throw .duplicateName(field.name) }
        }
        self.fields = fields
        self.indices = indices
    }

    var count: Int { fields.count }

    /// The position of a column.
    func index(of name: String) -> Int? { indices[name] }

    subscript(_ name: String) -> Field? { indices[name].map { fields[$0] } }

    static func == (left: Schema, right: Schema) -> Bool { left.fields == right.fields }
    func hash(into hasher: inout Hasher) { hasher.combine(fields) }
}

/// Bounds on a schema.
struct SchemaLimits: Sendable {
    /// How many columns a table may have.
    var maximumColumns = 2_000
    /// How long a column's name may be, in bytes of UTF-8.
    var maximumNameBytes = 256
}

/// Why fields are no schema.
enum SchemaError: Error, Equatable, Sendable, CustomStringConvertible {
    case tooManyColumns(Int, maximum: Int)
    case emptyName(column: Int)
    case nameTooLong(column: Int, maximum: Int)
    case controlCharacter(column: Int)
    case duplicateName(String)

    var description: String {
        switch self {
        case .tooManyColumns(let count, let maximum): "\(count) columns are more than the limit of \(maximum)"
        case .emptyName(let column): "column \(column) has an empty name"
        case .nameTooLong(let column, let maximum): "the name of column \(column) is longer than \(maximum) bytes"
        case .controlCharacter(let column): "the name of column \(column) holds a control character"
        case .duplicateName(let name): "two columns are named \"\(name)\""
        }
    }
}
