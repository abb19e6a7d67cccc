import GRDB
import GRDBSQLite

/// A running statement's rows, in the store's form.
///
/// Columns are read from SQLite itself: GRDB's row would be a copy in between.
final class SQLiteRows {
    private let statement: GRDB.Statement
    private let cursor: GRDB.RowCursor
    private var columns: ColumnNames?
    private var isFinished = false

    /// Starts the statement, whose values are bound.
    init(_ statement: GRDB.Statement) throws {
        self.statement = statement
        cursor = try GRDB.Row.fetchCursor(statement)
    }

    func next(_ maximum: Int) throws -> [Row] {
        var rows: [Row] = []
        while !isFinished, rows.count < maximum {
            guard try cursor.next() != nil else {
                isFinished = true
                break
            }
            let columns = columns ?? ColumnNames(statement.columnNames)
            self.columns = columns
            var values: [SQLValue] = []
            values.reserveCapacity(columns.names.count)
            for column in columns.names.indices { values.append(value(Int32(column))) }
            rows.append(Row(columns: columns, values: values))
        }
        return rows
    }

    /// The statement stands at a row: the cursor has just stepped there.
    private func value(_ column: Int32) -> SQLValue {
        let handle = unsafe statement.sqliteStatement
        switch unsafe sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return unsafe .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return unsafe .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            guard let text = unsafe sqlite3_column_text(handle, column) else { return .null }
            let bytes = unsafe UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(handle, column)))
            return unsafe .text(String(decoding: bytes, as: UTF8.self))
        case SQLITE_BLOB:
            // None for an empty one.
            guard let bytes = unsafe sqlite3_column_blob(handle, column) else { return .blob([]) }
            let count = unsafe Int(sqlite3_column_bytes(handle, column))
            return unsafe .blob([UInt8](UnsafeRawBufferPointer(start: bytes, count: count)))
        default: return .null
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
