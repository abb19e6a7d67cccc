internal import CTabular

/// Writes comma-separated values (RFC 4180, records end with LF). Null is an empty cell, an empty text a pair of quotes, a
/// list its JSON; times are RFC 3339.
struct CSVWriter: RecordWriter {
    let options: CSVWriteOptions

    init(options: CSVWriteOptions = CSVWriteOptions()) { self.options = options }

    func header(_ schema: Schema) -> [UInt8] {
        guard options.writesHeader else { return [] }
        var output = OutputBuffer(capacity: 4_096)
        for (index, field) in schema.fields.enumerated() {
            if index > 0 { output.put(options.delimiter) }
            put(Array(field.name.utf8), into: &output)
        }
        output.put(UInt8(ascii: "\n"))
        return output.bytes
    }

    func encode(_ batch: ColumnBatch, from row: inout Int, chunkBytes: Int) -> [UInt8] {
        var output = OutputBuffer(capacity: chunkBytes + 4_096)
        let columns = batch.columns
        // Several passes over few rows, a column at a time into the row's place, would need the lengths first; so row
        // by row, with one switch a cell.
        repeat {
            for (index, column) in columns.enumerated() {
                if index > 0 { output.put(options.delimiter) }
                if let nulls = column.nulls, nulls.span[at: row] != 0 { continue }
                put(column.values, row, into: &output)
            }
            output.put(UInt8(ascii: "\n"))
            row += 1
        } while row < batch.rowCount && output.count < chunkBytes
        return output.bytes
    }

    @inline(__always)
    private func put(_ values: borrowing Column.Values, _ row: Int, into output: inout OutputBuffer) {
        switch values {
        case .string(let texts):
            let extent = texts.extents.span[at: row]
            if options.guardsFormulas, Self.isFormula(texts.bytes, extent) {
                put(Array("'".utf8) + texts.bytes[extent.range], into: &output)
            } else {
                output.putCSVText(texts.bytes, extent, delimiter: options.delimiter)
            }
        case .int64(let cells): output.put(cells.span[at: row])
        case .double(let cells): output.put(cells.span[at: row])
        case .decimal(let cells): output.put(cells.span[at: row])
        case .bool(let cells): output.put(cells.span[at: row])
        case .date(let cells): output.putDate(cells.span[at: row])
        case .timestamp(let cells): output.putTimestamp(cells.span[at: row])
        case .stringList(let cells):
            var list = OutputBuffer(capacity: 256)
            list.putJSONList(cells, row)
            put(list.bytes, into: &output)
        }
    }

    private func put(_ text: [UInt8], into output: inout OutputBuffer) {
        output.putCSVText(text, Extent(start: 0, length: UInt32(text.count)), delimiter: options.delimiter)
    }

    /// OWASP, "CSV Injection".
    private static func isFormula(_ bytes: [UInt8], _ extent: Extent) -> Bool {
        guard extent.length > 0 else { return false }
        return switch bytes[Int(extent.start)] {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: true
        default: false
        }
    }
}
