internal import CTabular

/// Where the cells of a piece of a file lie: memory that is used again for the next piece.
struct CSVIndex {
    private var cells: [datavault_cell] = []
    private var starts: [UInt32] = []
    private var bad: [datavault_bad_record] = []
    /// Whole records with the right number of cells.
    private(set) var records = 0
    private(set) var badCount = 0
    /// Where the first record begins that was not taken.
    private(set) var consumed = 0
    private(set) var isQuoteOpen = false

    /// Records taken, good or bad.
    var total: Int { records + badCount }

    /// At most so many bytes are looked at in one go, so that positions fit 30 bits.
    static let maximumWindow = 256 << 20
    private static let maximumCells = 8 << 20

    /// Takes the buffer's next records.
    ///
    /// - Parameters:
    ///   - maximumRecords: How many good ones at most; of bad ones 1 024, or one where one is asked for.
    ///   - window: How many bytes are looked at: what lies behind them is as if it had not been pushed yet.
    mutating func scan(
        _ buffer: inout RecordBuffer, columns: Int, maximumRecords: Int, limits: FormatLimits, delimiter: UInt8,
        window: Int = Self.maximumWindow
    ) -> datavault_table_status {
        // A record takes a byte a cell at least, so no more fit the bytes that are there; and memory for cells is bounded.
        let possible = min(maximumRecords, min(buffer.pending, Self.maximumCells) / columns + 1)
        if cells.count < possible * columns {
            cells = [datavault_cell](repeating: datavault_cell(), count: possible * columns)
        }
        if starts.count < possible { starts = [UInt32](repeating: 0, count: possible) }
        if bad.count < 1_024 { bad = [datavault_bad_record](repeating: datavault_bad_record(), count: 1_024) }
        let from = buffer.from
        let isFinished = buffer.isFinished
        var table = unsafe datavault_table()
        unsafe table.columns = columns
        unsafe table.maximum_records = possible
        unsafe table.maximum_bad = maximumRecords == 1 ? 1 : bad.count
        // C writes at most `possible` rows of cells and starts and 1 024 bad records, and reads within the bytes.
        let status = unsafe cells.withUnsafeMutableBufferPointer { cells in
            unsafe starts.withUnsafeMutableBufferPointer { starts in
                unsafe bad.withUnsafeMutableBufferPointer { bad in
                    unsafe table.cells = cells.baseAddress
                    unsafe table.starts = starts.baseAddress
                    unsafe table.bad = bad.baseAddress
                    return unsafe buffer.withBytes { bytes in
                        let length = min(bytes.count, from + window)
                        return unsafe datavault_csv_index(
                            bytes.baseAddress, length, from, isFinished && length == bytes.count, delimiter,
                            UInt32(limits.maximumCellBytes), limits.maximumRecordBytes, &table)
                    }
                }
            }
        }
        unsafe records = table.records
        unsafe badCount = table.bad_count
        unsafe consumed = table.consumed
        unsafe isQuoteOpen = table.is_quote_open
        return status
    }

    /// The cells of the first record, at most one more than may be; none where it does not end within the bytes that a
    /// record may have.
    func countCells(_ buffer: RecordBuffer, delimiter: UInt8, limits: FormatLimits) -> Int? {
        let length = min(buffer.bytes.count, buffer.from + limits.maximumRecordBytes + 1)
        let count = unsafe buffer.bytes.withUnsafeBufferPointer { bytes in
            unsafe datavault_csv_count_cells(
                bytes.baseAddress, length, buffer.from, buffer.isFinished && length == bytes.count, delimiter,
                limits.schema.maximumColumns)
        }
        return count < 0 ? nil : count
    }

    /// A cell by its position in the table, row by row.
    func cell(_ index: Int) -> Extent {
        Extent(start: cells[index].start, length: cells[index].length & DATAVAULT_CELL_LENGTH)
    }

    /// All cells of the table, row by row.
    var table: [datavault_cell] { cells }

    func start(ofRecord record: Int) -> Int { record < records ? Int(starts[record]) : consumed }

    func badRecord(_ index: Int) -> datavault_bad_record { bad[index] }
}
