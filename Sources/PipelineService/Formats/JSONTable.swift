/// Makes columns of lines of JSON.
struct JSONTable {
    let schema: Schema
    let options: NDJSONReadOptions
    let limits: FormatLimits
    private var record: JSONRecord
    private let fileOffset: Int
    private var columns: [JSONColumn]
    private var rejected: [RejectedRecord] = []
    private let names: [[UInt8]]

    init(schema: Schema, options: NDJSONReadOptions, limits: FormatLimits, bytes: [UInt8], fileOffset: Int) {
        self.schema = schema
        self.options = options
        self.limits = limits
        self.fileOffset = fileOffset
        record = JSONRecord(bytes: bytes)
        columns = schema.fields.map { JSONColumn(type: $0.type) }
        names = schema.fields.map { Array($0.name.utf8) }
    }

    mutating func read(_ lines: [Range<Int>], start: ReadPosition, end: Int) -> ReadBatch {
        var number = start.records
        var rows = 0
        let index = JSONIndex()
        let original = record.bytes
        // One index of all lines where none is broken, else one a line.
        let all = lines.first.flatMap { first in
            lines.last.flatMap { index.tokens(of: original, first.lowerBound..<$0.upperBound) }
        }
        var rest = all.map { $0[...] } ?? []
        for line in lines {
            var tokens: ArraySlice<UInt32>?
            if all != nil {
                let count = rest.prefix { Int($0) < line.upperBound }.count
                tokens = rest.prefix(count)
                rest = rest.dropFirst(count)
            } else {
                tokens = index.tokens(of: original, line)?[...]
            }
            if tokens?.isEmpty == true, original[line].allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) {
                continue
            }
            number += 1
            do throws(JSONRecord.Fault) {
                guard let tokens else {
                    throw JSONRecord.Fault(reason: .invalidJSON, message: "the record is not valid JSON in UTF-8")
                }
                try row(tokens, line, rows)
                rows += 1
            } catch {
                for column in columns.indices { columns[column].truncate(to: rows) }
                let text = String(decoding: original[line].prefix(1_000), as: UTF8.self)
                rejected.append(
                    RejectedRecord(
                        reason: error.reason, message: error.message, field: error.field, record: number,
                        offset: fileOffset + line.lowerBound, text: text))
            }
        }
        let bytes = record.bytes
        let made = columns.map { $0.finish(bytes) }
        return ReadBatch(
            batch: ColumnBatch(schema: schema, columns: made, rowCount: rows), rejected: rejected,
            end: ReadPosition(offset: end, records: number))
    }

    private mutating func row(_ tokens: ArraySlice<UInt32>, _ line: Range<Int>, _ row: Int) throws(JSONRecord.Fault) {
        var expected = 0
        try record.read(tokens, end: line.upperBound) { bytes, name, value throws(JSONRecord.Fault) in
            // Fields mostly come in the schema's order.
            var column = expected
            if !(column < names.count && bytes[name].elementsEqual(names[column])) {
                guard let found = schema.index(of: String(decoding: bytes[name], as: UTF8.self)) else {
                    guard options.rejectsUnknownFields else { return }
                    let text = String(decoding: bytes[name].prefix(100), as: UTF8.self)
                    throw JSONRecord.Fault(
                        reason: .unknownField, message: "there is no column \"\(text)\"", field: text)
                }
                column = found
            }
            expected = column + 1
            guard columns[column].count == row else {
                throw JSONRecord.Fault(
                    reason: .duplicateField, message: "field \"\(schema.fields[column].name)\" stands twice",
                    field: schema.fields[column].name)
            }
            guard columns[column].append(value, &bytes, limits) else {
                throw JSONRecord.Fault(
                    reason: .invalidValue,
                    message:
                        "column \"\(schema.fields[column].name)\": the value is no \(schema.fields[column].type.wording)",
                    field: schema.fields[column].name)
            }
        }
        for column in columns.indices where columns[column].count == row { columns[column].appendNull() }
    }
}
