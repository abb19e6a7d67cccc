/// Rows of one schema, column by column: the unit of work of a run.
struct ColumnBatch: Sendable {
    let schema: Schema
    let columns: [Column]
    let rowCount: Int

    /// The columns have the schema's types in its order and one length: anything else is a mistake of the program.
    init(schema: Schema, columns: [Column], rowCount: Int) {
        precondition(columns.count == schema.count, "a column a field")
        for (field, column) in zip(schema.fields, columns) {
            precondition(column.type == field.type && column.count == rowCount, "column \(field.name) fits its schema")
        }
        self.schema = schema
        self.columns = columns
        self.rowCount = rowCount
    }

    /// Rows given cell by cell, as from records. Says which cell does not fit its column.
    init(schema: Schema, rows: some Sequence<[CellValue]>) throws(CellMismatch) {
        var builders = schema.fields.map { ColumnBuilder($0.type) }
        var count = 0
        for row in rows {
            guard row.count == schema.count else { throw CellMismatch(row: count, field: "", type: nil) }
            for (index, cell) in row.enumerated() where !builders[index].append(cell) {
                throw CellMismatch(row: count, field: schema.fields[index].name, type: cell.type)
            }
            count += 1
        }
        self.init(schema: schema, columns: builders.map { $0.finish() }, rowCount: count)
    }

    static func empty(_ schema: Schema) -> ColumnBatch {
        ColumnBatch(schema: schema, columns: schema.fields.map { ColumnBuilder($0.type).finish() }, rowCount: 0)
    }

    /// One row, for browsing.
    func row(_ index: Int) -> [CellValue] { columns.map { $0[index] } }

    /// Rows of a range, for browsing.
    func rows(_ range: Range<Int>) -> [[CellValue]] { range.map(row) }

    func column(_ name: String) -> Column? { schema.index(of: name).map { columns[$0] } }

    /// These rows, in this order.
    func gather(_ rows: [UInt32]) -> ColumnBatch {
        ColumnBatch(schema: schema, columns: columns.map { $0.gather(rows) }, rowCount: rows.count)
    }

    /// The rows of a range.
    func slice(_ range: Range<Int>) -> ColumnBatch {
        range == 0..<rowCount ? self : gather(range.map { UInt32($0) })
    }
}

/// A cell that its column cannot hold.
struct CellMismatch: Error, Sendable, CustomStringConvertible {
    /// The row, from 0.
    let row: Int
    /// The column; empty where the row has too few or too many cells.
    let field: String
    let type: ColumnType?

    var description: String {
        field.isEmpty
            ? "row \(row) has another number of cells than the schema"
            : "row \(row): column \"\(field)\" cannot hold a \(type?.rawValue ?? "null")"
    }
}
