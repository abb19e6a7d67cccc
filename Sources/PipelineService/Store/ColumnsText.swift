import Foundation

/// Columns as a table keeps them: JSON, a pair of name and type a column.
enum ColumnsText {
    static func text(_ schema: Schema) -> String { JSONText.encode(schema.fields.map { [$0.name, $0.type.rawValue] }) }

    /// - Throws: `dataUnreadable` if the text was not written by this program.
    static func schema(_ text: String, limits: SchemaLimits = SchemaLimits()) throws(PipelineFault) -> Schema {
        let pairs = try JSONText.decode([[String]].self, text)
        var fields: [Field] = []
        for pair in pairs {
            guard pair.count == 2, let type = ColumnType(rawValue: pair[1]) else {
                throw .dataUnreadable(message: "the kept columns cannot be read")
            }
            fields.append(Field(pair[0], type))
        }
        do { return try Schema(fields, limits: limits) } catch {
            throw .dataUnreadable(message: "the kept columns cannot be read")
        }
    }
}

/// Small values as JSON in a column.
enum JSONText {
    static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // What is encoded holds no NaN and no infinity: those are kept as bits.
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// - Throws: `dataUnreadable` if the text was not written by this program.
    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws(PipelineFault) -> Value {
        do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch {
            throw .dataUnreadable(message: "a kept value cannot be read")
        }
    }
}

/// A cell as JSON, with its type.
struct KeptCell: Codable, Sendable {
    let value: CellValue

    init(_ value: CellValue) { self.value = value }

    private enum Key: String, CodingKey { case b, i, d, s, t, y, l, x }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        switch container.allKeys.first {
        case nil: value = .null
        case .b: value = .bool(try container.decode(Bool.self, forKey: .b))
        case .i: value = .int64(try container.decode(Int64.self, forKey: .i))
        case .d: value = .double(Double(bitPattern: try container.decode(UInt64.self, forKey: .d)))
        case .s: value = .string(try container.decode(String.self, forKey: .s))
        case .t: value = .timestamp(try container.decode(Int64.self, forKey: .t))
        case .y: value = .date(try container.decode(Int32.self, forKey: .y))
        case .x:
            let text = try container.decode(String.self, forKey: .x)
            guard let number = ExactDecimal(text) else {
                throw DecodingError.dataCorruptedError(forKey: .x, in: container, debugDescription: "no decimal")
            }
            value = .decimal(number)
        case .l: value = .stringList(try container.decode([String].self, forKey: .l))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch value {
        case .null: break
        case .bool(let value): try container.encode(value, forKey: .b)
        case .int64(let value): try container.encode(value, forKey: .i)
        case .double(let value): try container.encode(value.bitPattern, forKey: .d)
        case .string(let value): try container.encode(value, forKey: .s)
        case .timestamp(let value): try container.encode(value, forKey: .t)
        case .date(let value): try container.encode(value, forKey: .y)
        case .stringList(let value): try container.encode(value, forKey: .l)
        case .decimal(let value): try container.encode(value.description, forKey: .x)
        }
    }
}

/// A column's statistics as JSON.
struct KeptStatistics: Codable, Sendable {
    let n: Int
    let min: KeptCell
    let max: KeptCell

    init(_ statistics: ColumnStatistics) {
        (n, min, max) = (statistics.nullCount, KeptCell(statistics.minimum), KeptCell(statistics.maximum))
    }

    var statistics: ColumnStatistics { ColumnStatistics(nullCount: n, minimum: min.value, maximum: max.value) }
}
