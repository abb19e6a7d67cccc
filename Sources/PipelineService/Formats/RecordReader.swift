/// Where a reader stands: what it read before is in the batches it gave. A reader that begins at a position gives what
/// this one would have given next, from the file's bytes after `offset`.
struct ReadPosition: Sendable, Hashable {
    /// Bytes before the next record, from the file's start.
    var offset = 0
    /// Records before the next one: rows and rejected records, no header.
    var records = 0
}

/// What a reader gives: rows, and the records among them that could not become rows.
struct ReadBatch: Sendable {
    let batch: ColumnBatch
    let rejected: [RejectedRecord]
    /// Where the file goes on after this batch: to be stored in the transaction that stores what came of the batch.
    let end: ReadPosition
}

/// Bytes in, batches out. Bytes come in pieces of any size.
protocol RecordReader {
    /// The columns; none until enough was pushed to infer them.
    var schema: Schema? { get }
    /// Where the last batch that `next` gave ended.
    var position: ReadPosition { get }
    /// Takes the next bytes of the file.
    mutating func push(_ bytes: ArraySlice<UInt8>)
    /// Says that all bytes were pushed.
    mutating func finish()
    /// The next batch; none where more bytes are needed or, after `finish`, where the file ended.
    mutating func next() throws(FormatError) -> ReadBatch?
}

/// A column as a caller wants it read.
struct ColumnChoice: Sendable, Hashable {
    /// The name in the file.
    let name: String
    /// Its type; inferred where there is none.
    let type: ColumnType?

    init(_ name: String, _ type: ColumnType? = nil) {
        self.name = name
        self.type = type
    }
}
