import Synchronization

/// One row of a result: values by column name.
public struct Row: Sendable {
    let columns: ColumnNames
    let values: [SQLValue]

    /// The column's value, as the type asked for; ask for an optional where the column can be null.
    ///
    /// - Throws: `StoreError.invalid` if there is no such column, or it holds null or another kind of value.
    public subscript<Value: SQLConvertible>(column: String) -> Value {
        get throws(StoreError) {
            guard let index = columns.index(of: column) else {
                throw StoreError(.invalid, "no column \(column) among \(columns.names.joined(separator: ", "))")
            }
            guard let value = Value(sqlValue: values[index]) else {
                throw StoreError(.invalid, "column \(column) holds \(values[index].kind), not a \(Value.self)")
            }
            return value
        }
    }
}

/// A result's column names, shared by its rows.
final class ColumnNames: Sendable {
    let names: [String]
    /// Where to look first: columns are mostly read in their order, row after row.
    private let next = Atomic(0)

    init(_ names: [String]) { self.names = names }

    func index(of column: String) -> Int? {
        let guess = next.load(ordering: .relaxed)
        guard guess < names.count, names[guess] == column else {
            guard let index = names.firstIndex(of: column) else { return nil }
            advance(past: index)
            return index
        }
        advance(past: guess)
        return guess
    }

    private func advance(past index: Int) {
        next.store(index + 1 < names.count ? index + 1 : 0, ordering: .relaxed)
    }
}

/// A type that is made of a row: one record type a table or query.
///
///     struct Note: RowDecodable {
///         var id: String
///         init(row: Row) throws { id = try row["id"] }
///     }
public protocol RowDecodable: Sendable {
    init(row: Row) throws
}
