/// Batches in, bytes out, a bounded piece at a time:
///
///     var row = 0
///     while row < batch.rowCount { send(writer.encode(batch, from: &row)) }
protocol RecordWriter {
    /// What stands before the first row; may be empty.
    func header(_ schema: Schema) -> [UInt8]
    /// Rows from `row` on, until the batch ends or the piece holds `chunkBytes`; moves `row` on, by one at least.
    func encode(_ batch: ColumnBatch, from row: inout Int, chunkBytes: Int) -> [UInt8]
}

extension RecordWriter {
    func encode(_ batch: ColumnBatch, from row: inout Int) -> [UInt8] {
        encode(batch, from: &row, chunkBytes: 256 << 10)
    }
}
