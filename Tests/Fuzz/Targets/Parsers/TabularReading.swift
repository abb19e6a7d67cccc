@testable import PipelineService

/// How an input of tables is read: its first two bytes say it, so that the fuzzer finds all ways.
struct TabularShape {
    let delimiter: UInt8
    let hasHeader: Bool
    let infersTypes: Bool
    /// What `column_1` is to be; nil leaves it to inference.
    let forced: ColumnType?
    let chunk: Int
    /// From which batch on a second reader goes on.
    let resumed: Int
    let limits: FormatLimits
    let bytes: [UInt8]

    init(_ input: [UInt8]) {
        let first = input.first ?? 0
        let second = input.dropFirst().first ?? 0
        delimiter = Array(",;\t|".utf8)[Int(first & 3)]
        hasHeader = first & 4 == 0
        infersTypes = first & 8 == 0
        let type = Int(first >> 4 & 7)
        forced = type == 0 ? nil : ColumnType.allCases[type - 1]
        chunk = [1, 2, 3, 7, 16, 63, 64, 65][Int(second & 7)]
        resumed = Int(second >> 4 & 3)
        var limits = FormatLimits()
        if second & 8 == 0 {
            limits.maximumCellBytes = 24
            limits.maximumRecordBytes = 96
            limits.maximumBatchRows = 3
            limits.chunkBytes = 32
            limits.inferenceRecords = 4
            limits.maximumListElements = 3
            limits.schema.maximumColumns = 6
        }
        self.limits = limits
        bytes = Array(input.dropFirst(2))
    }
}

/// All that a reader gave.
struct TabularReading {
    private(set) var schema: Schema?
    private(set) var batches: [ReadBatch] = []
    private(set) var fault: FormatError?
    private(set) var position = ReadPosition()

    /// Reads bytes from a position on, in pieces.
    init(
        _ bytes: [UInt8], from start: Int = 0, chunk: Int, _ make: () throws(FormatError) -> some RecordReader
    ) {
        do throws(FormatError) {
            var reader = try make()
            var rest = bytes[start...]
            while !rest.isEmpty {
                reader.push(rest.prefix(chunk))
                rest = rest.dropFirst(chunk)
                try take(&reader)
            }
            reader.finish()
            try take(&reader)
        } catch {
            fault = error
        }
    }

    private mutating func take(_ reader: inout some RecordReader) throws(FormatError) {
        defer {
            schema = reader.schema
            position = reader.position
        }
        while let batch = try reader.next() {
            precondition(batch.batch.rowCount > 0 || !batch.rejected.isEmpty, "a batch of nothing")
            batches.append(batch)
        }
    }

    var rows: [[CellValue]] { batches.flatMap { $0.batch.rows(0..<$0.batch.rowCount) } }
    var rejected: [RejectedRecord] { batches.flatMap(\.rejected) }
}

/// Whether two readings of the same bytes are the same.
func checkSame(_ left: TabularReading, _ right: TabularReading, _ what: String) {
    precondition(left.fault == right.fault, "\(what): \(left.fault as Any) and \(right.fault as Any)")
    precondition(left.schema?.fields == right.schema?.fields, "\(what): schemas differ")
    checkSame(left.rows, right.rows, what)
    precondition(left.rejected == right.rejected, "\(what): \(left.rejected) and \(right.rejected)")
}

func checkSame(_ left: [[CellValue]], _ right: [[CellValue]], _ what: String) {
    precondition(left.count == right.count, "\(what): \(left.count) and \(right.count) rows")
    for (left, right) in zip(left, right) {
        precondition(left.count == right.count && zip(left, right).allSatisfy(isSame), "\(what): \(left) and \(right)")
    }
}

/// Whether cells are the same to the bit: texts by their bytes, NaN as itself.
private func isSame(_ left: CellValue, _ right: CellValue) -> Bool {
    switch (left, right) {
    case (.double(let left), .double(let right)): left.bitPattern == right.bitPattern || left.isNaN && right.isNaN
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    case (.stringList(let left), .stringList(let right)):
        left.count == right.count && zip(left, right).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    default: left == right
    }
}
