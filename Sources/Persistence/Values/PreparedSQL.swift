/// A statement whose values are settled and checked, ready for a connection.
struct PreparedSQL {
    var text: String
    var values: [SQLValue]

    /// - Throws: `invalid` if the scope and the statement do not fit, or a value cannot be stored alike on both stores.
    init(_ sql: SQL, scope: Scope) throws(StoreError) {
        if case .organization = scope, !sql.usesOrganization {
            throw StoreError(
                .invalid, "a scoped statement must name its organization with \\(.organization): \(sql.text)")
        }
        text = sql.text
        values = []
        values.reserveCapacity(sql.bindings.count)
        for (index, binding) in sql.bindings.enumerated() {
            switch binding {
            case .value(let value):
                try Self.check(value, index: index, text: text)
                values.append(value)
            case .organization:
                guard case .organization(let organization) = scope else {
                    throw StoreError(.invalid, "\\(.organization) has no value in a system transaction: \(text)")
                }
                values.append(.text(organization.rawValue))
            }
        }
    }

    /// A statement of the store itself.
    init(unchecked text: String, values: [SQLValue] = []) {
        self.text = text
        self.values = values
    }

    /// PostgreSQL keeps no NUL in text, SQLite no NaN: what only one of them holds is refused by both.
    private static func check(_ value: SQLValue, index: Int, text: String) throws(StoreError) {
        switch value {
        case .text(let string) where string.utf8.contains(0):
            throw StoreError(.invalid, "value \(index + 1) is text with a NUL character: \(text)")
        case .real(let number) where number.isNaN:
            throw StoreError(.invalid, "value \(index + 1) is not a number (NaN): \(text)")
        default: return
        }
    }
}
