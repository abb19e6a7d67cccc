import SwiftProtobuf

/// Rows as JSON objects, and back.
enum RowCells {
    /// Whole numbers that JSON's floats hold exactly; larger ones travel as text.
    private static let exact = Int64(1) << 53

    /// A row's cells.
    ///
    /// - Parameter row: Its place in the request, for the path of an error.
    /// - Throws: `rowInvalid`.
    static func cells(
        _ object: Google_Protobuf_Struct, as schema: Schema, row: Int
    ) throws(PipelineFault) -> [CellValue] {
        var cells = [CellValue](repeating: .null, count: schema.count)
        for (name, value) in object.fields {
            let path = "rows[\(row)].\(name)"
            guard let index = schema.index(of: name) else {
                throw .rowInvalid(field: path, message: "the dataset has no such column")
            }
            guard let cell = cell(value, as: schema.fields[index].type) else {
                throw .rowInvalid(field: path, message: "must be \(expectation(schema.fields[index].type))")
            }
            cells[index] = cell
        }
        return cells
    }

    private static func expectation(_ type: ColumnType) -> String {
        switch type {
        case .bool: "true or false"
        case .int64: "a whole number of 64 bits"
        case .double: "a number"
        case .decimal: "a decimal of at most \(ExactDecimal.maximumDigits) digits as a text, as \"12.10\""
        case .string: "a text without NUL"
        case .timestamp: "a time, as 2026-03-31T16:12:00Z"
        case .date: "a day, as 2026-03-31"
        case .stringList: "a list of texts"
        }
    }

    private static func cell(_ value: Google_Protobuf_Value, as type: ColumnType) -> CellValue? {
        switch (value.kind, type) {
        case (.nullValue, _), (nil, _): return .null
        case (.boolValue(let value), .bool): return .bool(value)
        case (.numberValue(let value), .int64):
            guard value.rounded() == value, abs(value) <= Double(exact) else { return nil }
            return .int64(Int64(value))
        case (.stringValue(let text), .int64): return Int64(text).map { .int64($0) }
        case (.numberValue(let value), .double): return .double(value)
        case (.stringValue(let text), .double):
            switch text {
            case "NaN": return .double(.nan)
            case "Infinity": return .double(.infinity)
            case "-Infinity": return .double(-.infinity)
            default: return nil
            }
        case (.stringValue(let text), .decimal): return ExactDecimal(text).map { .decimal($0) }
        // Of other numbers JSON's floats have kept neither all digits nor the zeros at their end.
        case (.numberValue(let value), .decimal):
            guard value.rounded() == value, abs(value) <= Double(exact) else { return nil }
            return .decimal(ExactDecimal(Int64(value)))
        case (.stringValue(let text), .string): return text.utf8.contains(0) ? nil : .string(text)
        case (.stringValue(let text), .timestamp): return RowTime.microseconds(text).map { .timestamp($0) }
        case (.stringValue(let text), .date): return RowTime.days(text).map { .date($0) }
        case (.listValue(let list), .stringList):
            var texts: [String] = []
            for value in list.values {
                guard case .stringValue(let text) = value.kind, !text.utf8.contains(0) else { return nil }
                texts.append(text)
            }
            return .stringList(texts)
        default: return nil
        }
    }

    /// A row as an object.
    static func object(_ cells: [CellValue], names: [String]) -> Google_Protobuf_Struct {
        var object = Google_Protobuf_Struct()
        for (name, cell) in zip(names, cells) { object.fields[name] = value(cell) }
        return object
    }

    static func value(_ cell: CellValue) -> Google_Protobuf_Value {
        switch cell {
        case .null: .with { $0.nullValue = .nullValue }
        case .bool(let value): .init(boolValue: value)
        case .int64(let value):
            abs(Double(value)) < Double(exact) ? .init(numberValue: Double(value)) : .init(stringValue: "\(value)")
        case .double(let value):
            if value.isFinite {
                .init(numberValue: value)
            } else {
                .init(stringValue: value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
            }
        case .decimal(let value): .init(stringValue: value.description)
        case .string(let text): .init(stringValue: text)
        case .timestamp(let time): .init(stringValue: RowTime.text(microseconds: time))
        case .date(let days): .init(stringValue: RowTime.text(days: days))
        case .stringList(let texts):
            .init(listValue: .with { $0.values = texts.map { Google_Protobuf_Value(stringValue: $0) } })
        }
    }

    /// About how many bytes a row takes in a reply.
    static func weight(_ cells: [CellValue]) -> Int {
        cells.reduce(0) { sum, cell in
            switch cell {
            case .string(let text): sum + text.utf8.count + 16
            case .stringList(let texts): texts.reduce(sum + 16) { $0 + $1.utf8.count + 16 }
            case .decimal: sum + 48
            default: sum + 24
            }
        }
    }
}
