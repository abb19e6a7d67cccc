/// Reads a file of either format.
struct FileReader: Sendable {
    // One of the two: each is changed in place, as a copy would be one of all that is read and not yet given.
    private var csv: CSVReader?
    private var ndjson: NDJSONReader?

    /// - Parameters:
    ///   - types: Types of columns that are not to be inferred.
    ///   - schema: What an earlier reader of the file gave; nil: the file is read from its beginning.
    init(
        _ format: RowFormat, _ choices: CSVChoices, types: [String: ColumnType] = [:], limits: FormatLimits,
        schema: Schema? = nil, position: ReadPosition = ReadPosition()
    ) throws {
        switch format {
        case .csv:
            var options = CSVReadOptions()
            options.delimiter = choices.delimiter.utf8.first ?? UInt8(ascii: ",")
            options.hasHeader = !choices.headerless
            options.types = types
            csv = try CSVReader(options: options, limits: limits, schema: schema, position: position)
        case .ndjson:
            var options = NDJSONReadOptions()
            options.types = types
            ndjson = try NDJSONReader(options: options, limits: limits, schema: schema, position: position)
        }
    }

    /// The columns; none until enough was pushed to infer them.
    var schema: Schema? { csv?.schema ?? ndjson?.schema }

    mutating func push(_ bytes: ArraySlice<UInt8>) {
        csv?.push(bytes)
        ndjson?.push(bytes)
    }

    mutating func finish() {
        csv?.finish()
        ndjson?.finish()
    }

    mutating func next() throws -> ReadBatch? {
        if let batch = try csv?.next() { return batch }
        return try ndjson?.next()
    }
}
