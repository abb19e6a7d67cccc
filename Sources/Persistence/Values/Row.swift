/// One row of a result: values by column name.
public struct Row: Sendable {
    let columns: ColumnNames
    let values: [SQLValue]

    /// The column's value, as the type asked for; ask for an optional where the column can be null.
    ///
    /// - Throws: `StoreError.invalid` if there is no such column, or it holds null or another kind of value.
    public subscript<Value: SQLConvertible>(column: String) -> Value {
        get throws(StoreError) {
            guard let index = columns.names.firstIndex(of: column) else {
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
    init(_ names: [String]) { self.names = names }
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
