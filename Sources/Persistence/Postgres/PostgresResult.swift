internal import CPostgres

/// Owner of one `PGresult`.
@safe
struct PostgresResult: ~Copyable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe PQclear(handle) }

    /// What the server did: "UPDATE 3".
    var commandTag: String { unsafe String(cString: PQcmdStatus(handle)) }

    var changedRows: Int { unsafe Int(String(cString: PQcmdTuples(handle))) ?? 0 }

    func check(isCancelled: Bool) throws(StoreError) {
        switch unsafe PQresultStatus(handle) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY: return
        case PGRES_FATAL_ERROR, PGRES_NONFATAL_ERROR, PGRES_BAD_RESPONSE:
            throw PostgresErrors.error(
                code: field(.sqlState), message: message, constraint: field(.constraint),
                column: field(.column), isCancelled: isCancelled)
        default: throw StoreError(.invalid, "COPY is not served here")
        }
    }

    func appendRows(to rows: inout [Row]) throws(StoreError) {
        let count = unsafe PQntuples(handle)
        guard count > 0 else { return }
        let width = unsafe PQnfields(handle)
        let columns = rows.last?.columns ?? ColumnNames((0..<width).map { unsafe String(cString: PQfname(handle, $0)) })
        for row in 0..<count {
            var values: [SQLValue] = []
            values.reserveCapacity(Int(width))
            for column in 0..<width { values.append(try value(row, column, columns)) }
            rows.append(Row(columns: columns, values: values))
        }
    }

    private func value(_ row: Int32, _ column: Int32, _ columns: ColumnNames) throws(StoreError) -> SQLValue {
        guard unsafe PQgetisnull(handle, row, column) == 0, let start = unsafe PQgetvalue(handle, row, column) else {
            return .null
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(handle, row, column)))
        let value = unsafe PostgresType.value(bytes, type: PQftype(handle, column))
        guard let value else {
            throw StoreError(.invalid, "column \(columns.names[Int(column)]) holds what cannot be read")
        }
        return value
    }

    private var message: String {
        if let primary = field(.message) {
            // Details can hold the row's values, which do not belong in messages.
            return primary
        }
        return unsafe String(cString: PQresultErrorMessage(handle)).split(separator: "\n").joined(separator: "; ")
    }

    /// libpq's `PG_DIAG_` macros, which Swift does not import.
    private enum Field: Unicode.Scalar {
        case sqlState = "C"
        case message = "M"
        case column = "c"
        case constraint = "n"
    }

    private func field(_ field: Field) -> String? {
        unsafe PQresultErrorField(handle, Int32(field.rawValue.value)).map { unsafe String(cString: $0) }
    }
}
