import PipelineContract
import SwiftProtobuf

typealias SchemaMessage = Datavault_Pipeline_V1_Schema
typealias ColumnMessage = Datavault_Pipeline_V1_Column
typealias ColumnTypeMessage = Datavault_Pipeline_V1_ColumnType

extension ColumnTypeMessage {
    init(_ type: ColumnType) {
        self =
            switch type {
            case .string: .text
            case .int64: .integer
            case .double: .number
            case .decimal: .decimal
            case .bool: .boolean
            case .timestamp: .time
            case .date: .date
            case .stringList: .textList
            }
    }

    /// Nil for what is none.
    var type: ColumnType? {
        switch self {
        case .text: .string
        case .integer: .int64
        case .number: .double
        case .decimal: .decimal
        case .boolean: .bool
        case .time: .timestamp
        case .date: .date
        case .textList: .stringList
        case .unspecified, .UNRECOGNIZED: nil
        }
    }
}

extension SchemaMessage {
    init(_ schema: Schema) {
        self.init()
        columns = schema.fields.map { field in
            .with {
                $0.name = field.name
                $0.type = ColumnTypeMessage(field.type)
            }
        }
    }

    /// The columns.
    ///
    /// - Parameter field: What the request calls this schema.
    /// - Throws: `schemaInvalid`.
    func schema(field: String, limits: SchemaLimits) throws(PipelineFault) -> Schema {
        guard !columns.isEmpty else { throw .schemaInvalid(field: "\(field).columns", message: "has no columns") }
        var fields: [Field] = []
        for (index, column) in columns.enumerated() {
            guard let type = column.type.type else {
                throw .schemaInvalid(field: "\(field).columns[\(index)].type", message: "is no type")
            }
            fields.append(Field(column.name, type))
        }
        do { return try Schema(fields, limits: limits) } catch {
            throw .schemaInvalid(field: "\(field).columns", message: error.description)
        }
    }
}

extension Google_Protobuf_Timestamp {
    init(microseconds: Int64) {
        var (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        if rest < 0 { (seconds, rest) = (seconds - 1, rest + 1_000_000) }
        self.init(seconds: seconds, nanos: Int32(rest) * 1_000)
    }
}
