/// How columns have to fit each other.
enum SchemaFit {
    /// Where the cells of `wanted` are found in rows of `given`; what is not wanted is left out. Decimals may be wanted as
    /// numbers.
    ///
    /// - Throws: `schemaMismatch` if one is missing or of another type.
    static func columns(of wanted: Schema, in given: Schema) throws(PipelineFault) -> [Int] {
        var indices: [Int] = []
        for field in wanted.fields {
            guard let index = given.index(of: field.name) else {
                throw .schemaMismatch(message: "the input has no column \"\(field.name)\"", column: field.name)
            }
            let type = given.fields[index].type
            guard type == field.type || (type == .decimal && field.type == .double) else {
                throw .schemaMismatch(
                    message:
                        "the column \"\(field.name)\" is expected as \(field.type.rawValue) and comes as \(type.rawValue)",
                    column: field.name)
            }
            indices.append(index)
        }
        return indices
    }

    /// What a dataset's columns take beside their own type: whole numbers, and decimals as the nearest number.
    private static let widenings: Set<[ColumnType]> = [[.int64, .double], [.int64, .decimal], [.decimal, .double]]

    /// Where the cells of a dataset's columns are found in rows that are appended to it: nil for columns that stay null.
    ///
    /// - Throws: `schemaMismatch` if the rows have a column that the dataset has not, or has with another type.
    static func placement(of rows: Schema, in dataset: Schema) throws(PipelineFault) -> [Int?] {
        for field in rows.fields {
            guard let target = dataset[field.name] else {
                throw .schemaMismatch(message: "the dataset has no column \"\(field.name)\"", column: field.name)
            }
            guard target.type == field.type || widenings.contains([field.type, target.type]) else {
                throw .schemaMismatch(
                    message: "the dataset's column \"\(field.name)\" is \(target.type.rawValue), "
                        + "what comes out is \(field.type.rawValue)",
                    column: field.name)
            }
        }
        return dataset.fields.map { rows.index(of: $0.name) }
    }
}

extension ColumnBatch {
    /// The columns at these places, as rows of another schema.
    func picking(_ columns: [Int], as schema: Schema) -> ColumnBatch {
        let picked = zip(columns, schema.fields).map { self.columns[$0].widened(to: $1.type) }
        return ColumnBatch(schema: schema, columns: picked, rowCount: rowCount)
    }

    /// Rows of a dataset: columns in its order, null where there is nothing, numbers as the type that it has.
    func placed(_ places: [Int?], in schema: Schema) -> ColumnBatch {
        var placed: [Column] = []
        for (field, place) in zip(schema.fields, places) {
            guard let place else {
                placed.append(Column.nulls(of: field.type, count: rowCount))
                continue
            }
            placed.append(columns[place].widened(to: field.type))
        }
        return ColumnBatch(schema: schema, columns: placed, rowCount: rowCount)
    }
}

extension Column {
    /// Numbers as another type that takes them; any other column as it is.
    fileprivate func widened(to type: ColumnType) -> Column {
        switch (values, type) {
        case (.int64(let cells), .double): Column(.double(cells.map(Double.init)), nulls: nulls)
        case (.int64(let cells), .decimal): Column(.decimal(cells.map { ExactDecimal($0) }), nulls: nulls)
        case (.decimal(let cells), .double): Column(.double(cells.map(\.double)), nulls: nulls)
        default: self
        }
    }
}
