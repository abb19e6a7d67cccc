internal import Foundation

/// Answers requests for the values of expressions, as JSON: what tests in other languages compare with.
package enum ExpressionFilter {
    private struct Request: Decodable {
        let expression: String
        /// Names and types of the columns.
        let fields: [[String]]
        /// Cells as they would stand in a file of comma-separated values; null where there is none.
        let rows: [[String?]]
    }

    /// An answer is `{"error": reason, "message": text}` or `{"type": type, "values": [value, …]}`; a value is a kind and a
    /// text, such as `["int", "5"]`, `["null", ""]` or `["error", message]`, or `["list", [value, …]]`.
    package static func answer(_ line: String) -> String {
        do {
            let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
            let schema = try Schema(request.fields.map { Field($0[0], ColumnType(rawValue: $0[1]) ?? .string) })
            var builders = schema.fields.map { ColumnBuilder($0.type) }
            for row in request.rows {
                for (index, text) in row.enumerated() {
                    guard let text else {
                        builders[index].appendNull()
                        continue
                    }
                    let column = Column(.string(Strings([text])))
                    guard builders[index].append(Casting.cast(column, to: schema.fields[index].type).column[0]) else {
                        return "{\"error\": \"REQUEST\", \"message\": \"a cell does not fit\"}"
                    }
                }
            }
            let batch = ColumnBatch(schema: schema, columns: builders.map { $0.finish() }, rowCount: request.rows.count)
            do {
                let expression = try Expression(request.expression, schema: schema)
                let register = expression.evaluate(batch)
                let values = (0..<batch.rowCount).map { describe(expression, register, $0) }
                return json(["type": expression.type.description, "values": values])
            } catch {
                return json(["error": error.reason.rawValue, "message": error.description])
            }
        } catch {
            return json(["error": "REQUEST", "message": "\(error)"])
        }
    }

    private static func json(_ value: [String: Any]) -> String {
        let data = (try? JSONSerialization.data(withJSONObject: value)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    private static func describe(_ expression: Expression, _ register: Register, _ row: Int) -> [Any] {
        let at = register.at(row)
        let status = register.status?[at] ?? 0
        if status == Register.null { return ["null", ""] }
        if status != 0 { return ["error", expression.site(status)?.message ?? ""] }
        return switch register.values {
        case .bool(let values): ["bool", "\(values[at])"]
        case .int(let values): ["int", "\(values[at])"]
        case .uint(let values): ["uint", "\(values[at])"]
        case .double(let values): ["double", "\(values[at])"]
        case .decimal(let values): ["decimal", "\(values[at])"]
        case .string(let texts): ["string", texts[at]]
        case .bytes(let texts):
            ["bytes", texts.bytes[texts.extents[at].range].map { String($0) }.joined(separator: " ")]
        case .timestamp(let values): ["timestamp", "\(values[at])"]
        case .duration(let values): ["duration", "\(values[at])"]
        case .null: ["null", ""]
        case .list(let lists): ["list", lists.extents[at].range.map { describe(expression, lists.elements, $0) }]
        case .map: ["map", ""]
        }
    }
}
