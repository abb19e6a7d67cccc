/// Writes newline-delimited JSON: an object a row, with all columns in the schema's order. Times are RFC 3339 texts,
/// NaN and infinities the texts "NaN", "Infinity" and "-Infinity", as in protobuf's JSON. Decimals are texts, as most
/// readers of JSON make doubles of its numbers.
struct NDJSONWriter: RecordWriter {
    func header(_ schema: Schema) -> [UInt8] { [] }

    func encode(_ batch: ColumnBatch, from row: inout Int, chunkBytes: Int) -> [UInt8] {
        var output = OutputBuffer(capacity: chunkBytes + 4_096)
        // What stands before each value: a brace or comma, the name and a colon.
        let keys = batch.schema.fields.enumerated().map { index, field in
            var key = OutputBuffer(capacity: 64)
            key.put(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
            let name = Array(field.name.utf8)
            key.putJSONText(name, Extent(start: 0, length: UInt32(name.count)))
            key.put(UInt8(ascii: ":"))
            return key.bytes
        }
        repeat {
            if keys.isEmpty { output.put("{") }
            for (column, key) in zip(batch.columns, keys) {
                output.put(key)
                if column.isNull(row) { output.put("null") } else { put(column.values, row, into: &output) }
            }
            output.put("}\n")
            row += 1
        } while row < batch.rowCount && output.count < chunkBytes
        return output.bytes
    }

    private func put(_ values: borrowing Column.Values, _ row: Int, into output: inout OutputBuffer) {
        switch values {
        case .string(let texts): output.putJSONText(texts.bytes, texts.extents[row])
        case .int64(let cells): output.put(cells[row])
        case .double(let cells):
            let value = cells[row]
            if value.isFinite { output.put(value) } else { quoted(&output) { $0.put(value) } }
        case .decimal(let cells): quoted(&output) { $0.put(cells[row]) }
        case .bool(let cells): output.put(cells[row])
        case .date(let cells): quoted(&output) { $0.putDate(cells[row]) }
        case .timestamp(let cells): quoted(&output) { $0.putTimestamp(cells[row]) }
        case .stringList(let cells): output.putJSONList(cells, row)
        }
    }

    private func quoted(_ output: inout OutputBuffer, _ body: (inout OutputBuffer) -> Void) {
        output.put(UInt8(ascii: "\""))
        body(&output)
        output.put(UInt8(ascii: "\""))
    }
}
