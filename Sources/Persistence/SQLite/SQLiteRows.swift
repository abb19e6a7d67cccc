import GRDB

/// A running statement's rows, in the store's form.
final class SQLiteRows {
    private let cursor: GRDB.RowCursor
    private var columns: ColumnNames?
    private var isFinished = false

    init(_ cursor: GRDB.RowCursor) { self.cursor = cursor }

    func next(_ maximum: Int) throws -> [Row] {
        var rows: [Row] = []
        while !isFinished, rows.count < maximum {
            guard let row = try cursor.next() else {
                isFinished = true
                break
            }
            let columns = columns ?? ColumnNames(Array(row.columnNames))
            self.columns = columns
            rows.append(Row(columns: columns, values: row.databaseValues.map(Self.value)))
        }
        return rows
    }

    private static func value(_ value: DatabaseValue) -> SQLValue {
        switch value.storage {
        case .null: .null
        case .int64(let number): .integer(number)
        case .double(let number): .real(number)
        case .string(let text): .text(text)
        case .blob(let data): .blob([UInt8](data))
        }
    }
}

/// A cursor that is closed by dropping its statement, on the slot's queue.
final class SQLiteCursor: RowCursor {
    private let connection: SQLiteConnection
    private var rows: SQLiteRows?

    init(connection: SQLiteConnection, rows: SQLiteRows) {
        self.connection = connection
        self.rows = rows
    }

    func next(_ maximum: Int) throws(StoreError) -> [Row] {
        guard let rows else { return [] }
        return try connection.perform { _ in try rows.next(maximum) }
    }

    func close() { rows = nil }
}
