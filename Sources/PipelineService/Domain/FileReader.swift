/// Reads a file of either format.
struct FileReader: Sendable {
    private enum Kind: Sendable {
        case csv(CSVReader)
        case ndjson(NDJSONReader)
    }

    private var kind: Kind

    /// - Parameters:
    ///   - types: Types of columns that are not to be inferred.
    ///   - schema: What an earlier reader of the file gave; nil: the file is read from its beginning.
    init(
        _ format: RowFormat, _ csv: CSVChoices, types: [String: ColumnType] = [:], limits: FormatLimits,
        schema: Schema? = nil, position: ReadPosition = ReadPosition()
    ) throws {
        switch format {
        case .csv:
            var options = CSVReadOptions()
            options.delimiter = csv.delimiter.utf8.first ?? UInt8(ascii: ",")
            options.hasHeader = !csv.headerless
            options.types = types
            kind = .csv(try CSVReader(options: options, limits: limits, schema: schema, position: position))
        case .ndjson:
            var options = NDJSONReadOptions()
            options.types = types
            kind = .ndjson(try NDJSONReader(options: options, limits: limits, schema: schema, position: position))
        }
    }

    /// The columns; none until enough was pushed to infer them.
    var schema: Schema? {
        switch kind {
        case .csv(let reader): reader.schema
        case .ndjson(let reader): reader.schema
        }
    }

    mutating func push(_ bytes: ArraySlice<UInt8>) { change { $0.push(bytes) } }

    mutating func finish() { change { $0.finish() } }

    mutating func next() throws -> ReadBatch? {
        switch kind {
        case .csv(var reader):
            defer { kind = .csv(reader) }
            return try reader.next()
        case .ndjson(var reader):
            defer { kind = .ndjson(reader) }
            return try reader.next()
        }
    }

    private mutating func change(_ body: (inout any RecordReader) -> Void) {
        switch kind {
        case .csv(let reader):
            var any: any RecordReader = reader
            body(&any)
            if let reader = any as? CSVReader { kind = .csv(reader) }
        case .ndjson(let reader):
            var any: any RecordReader = reader
            body(&any)
            if let reader = any as? NDJSONReader { kind = .ndjson(reader) }
        }
    }
}
