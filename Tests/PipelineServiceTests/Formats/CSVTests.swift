import Testing

@testable import PipelineService

/// Reads a whole file, pushed in pieces of one size.
func readCSV(
    _ text: String, options: CSVReadOptions = CSVReadOptions(), limits: FormatLimits = FormatLimits(),
    piece: Int = .max, schema: Schema? = nil, position: ReadPosition = ReadPosition()
) throws -> (rows: [[CellValue]], rejected: [RejectedRecord], schema: Schema?, batches: [ReadBatch]) {
    try read(CSVReader(options: options, limits: limits, schema: schema, position: position), Array(text.utf8), piece)
}

func read(
    _ start: some RecordReader, _ bytes: [UInt8], _ piece: Int = .max
) throws -> (rows: [[CellValue]], rejected: [RejectedRecord], schema: Schema?, batches: [ReadBatch]) {
    var reader = start
    var batches: [ReadBatch] = []
    var at = 0
    while at < bytes.count {
        let end = piece > bytes.count ? bytes.count : min(bytes.count, at + piece)
        reader.push(bytes[at..<end])
        at = end
        while let batch = try reader.next() { batches.append(batch) }
    }
    reader.finish()
    while let batch = try reader.next() { batches.append(batch) }
    return (
        batches.flatMap { $0.batch.rows(0..<$0.batch.rowCount) }, batches.flatMap(\.rejected), reader.schema, batches
    )
}

func writeCSV(_ batch: ColumnBatch, _ options: CSVWriteOptions = CSVWriteOptions(), chunkBytes: Int = 256) -> String {
    let writer = CSVWriter(options: options)
    var bytes = writer.header(batch.schema)
    var row = 0
    while row < batch.rowCount { bytes += writer.encode(batch, from: &row, chunkBytes: chunkBytes) }
    return String(decoding: bytes, as: UTF8.self)
}

@Suite("Comma-separated values")
struct CSVTests {
    /// No waiting for more, so that each piece is looked at at once.
    static let eager = {
        var limits = FormatLimits()
        limits.chunkBytes = 1
        return limits
    }()

    @Test("quoted cells hold delimiters, quotes and ends of lines")
    func quoting() throws {
        let text = "a,b\r\n\"x,\"\"y\"\"\r\nz\",1\r\n\"\",\r\nit\"s,3\n"
        let result = try readCSV(text)
        #expect(result.schema?.fields == [Field("a", .string), Field("b", .int64)])
        #expect(
            result.rows == [
                [.string("x,\"y\"\r\nz"), .int64(1)], [.string(""), .null], [.string("it\"s"), .int64(3)],
            ])
        #expect(result.rejected.isEmpty)
    }

    @Test("pieces cut at any byte give the same rows", arguments: 1...40)
    func pieces(size: Int) throws {
        let text =
            "\u{FEFF}name,n,when\n\"a \"\"quoted\"\"\n, line\",1,2024-02-29\nß€😀,-2,2023-01-01\nragged,1\n,,\nx,9,2000-01-01"
        let whole = try readCSV(text)
        let cut = try readCSV(text, limits: Self.eager, piece: size)
        // With little to go by, types are found in the first piece; rows are compared as text.
        let typed = try readCSV(text, limits: Self.eager, piece: size, schema: whole.schema)
        #expect(typed.rows == whole.rows)
        #expect(typed.rejected == whole.rejected)
        #expect(cut.rows.count + cut.rejected.count == whole.rows.count + whole.rejected.count)
        #expect(whole.rejected.map(\.reason) == [.raggedRecord])
        #expect(whole.rejected.first?.record == 3)
        #expect(whole.rejected.first?.text == "ragged,1")
    }

    @Test("a reader goes on where another one ended")
    func resumes() throws {
        let rows = (0..<500).map { "\($0),\"text \($0)\n\",\($0 % 7 == 0 ? "bad" : "\(Double($0) / 4)")" }
        let text = "id,text,number\n" + rows.joined(separator: "\n") + "\n"
        var options = CSVReadOptions()
        options.types = ["number": .double]
        var limits = FormatLimits()
        limits.maximumBatchRows = 33
        let whole = try readCSV(text, options: options, limits: limits)
        #expect(whole.batches.count > 10)
        #expect(whole.rows.count == 428)
        for (number, batch) in whole.batches.enumerated() {
            let rest = try read(
                CSVReader(options: options, limits: limits, schema: whole.schema, position: batch.end),
                Array(Array(text.utf8)[batch.end.offset...]))
            let expected = whole.batches[(number + 1)...]
            #expect(rest.rows == expected.flatMap { $0.batch.rows(0..<$0.batch.rowCount) })
            #expect(rest.rejected == expected.flatMap(\.rejected))
        }
    }

    @Test("a record that is no row is left out with its place and reason")
    func rejections() throws {
        var bytes = Array("a,b\n1,2\n3\n4,5,6\n7,x\n\"8\"y,1\n".utf8)
        let invalid = bytes.count
        bytes += [0xFF, 0x2C, 0x31, 0x0A] + Array("9,9\n".utf8)
        var options = CSVReadOptions()
        options.types = ["a": .string, "b": .int64]
        let result = try read(CSVReader(options: options), bytes)
        #expect(result.rows == [[.string("1"), .int64(2)], [.string("9"), .int64(9)]])
        #expect(
            result.rejected.map(\.reason) == [
                .raggedRecord, .raggedRecord, .invalidValue, .textAfterQuote, .invalidUTF8,
            ])
        #expect(result.rejected.map(\.record) == [2, 3, 4, 5, 6])
        #expect(result.rejected.map(\.offset) == [8, 10, 16, 20, invalid])
        #expect(result.rejected[2].field == "b")
        #expect(result.rejected[2].message == "column \"b\": \"x\" is no int64")
    }

    @Test(
        "a file that cannot be read on says why",
        arguments: [
            ("a,b\n1,\"2\n", FormatError.Reason.unclosedQuote), ("a,a\n1,2\n", .invalidHeader), ("", .emptyFile),
            (String(repeating: ",", count: 1_000_000) + "\n", .tooManyColumns),
        ])
    func failures(text: String, reason: FormatError.Reason) throws {
        do {
            let result = try readCSV(text)
            // An empty file gives nothing to complain about until a header is looked for.
            #expect(reason == .emptyFile && result.schema == nil)
        } catch let error as FormatError {
            #expect(error.reason == reason)
        }
    }

    @Test("cells and records have bounds")
    func bounds() throws {
        var limits = Self.eager
        limits.maximumCellBytes = 10
        limits.maximumRecordBytes = 100
        let result = try readCSV("a,b\n12345678901,1\nx,2\n", limits: limits)
        #expect(result.rejected.map(\.reason) == [.cellTooLong])
        let endless = "a\n" + String(repeating: "x", count: 1_000)
        #expect(throws: FormatError.self) { try readCSV(endless + endless, limits: limits, piece: 50) }
        #expect(throws: FormatError.self) { try readCSV("a\n\"" + endless, limits: limits, piece: 50) }
    }

    @Test(
        "types are the narrowest that fit all cells",
        arguments: [
            (["1", "-2", ""], ColumnType.int64), (["1", "2.5"], .double), (["007", "1"], .string), (["1e3"], .double),
            (["true", "FALSE"], .bool), (["2024-01-31", "2024-02-30"], .string), (["2024-01-31"], .date),
            (["2024-01-31", "2024-01-31T10:00:00Z"], .timestamp), (["", ""], .string), (["+1"], .string),
            (["9223372036854775808"], .double), (["0"], .int64), (["-0.5"], .double), (["1", "true"], .string),
        ])
    func inference(cells: [String], type: ColumnType) throws {
        let result = try readCSV("x,y\n" + cells.map { "\($0),1\n" }.joined())
        #expect(result.schema?.fields[0].type == type)
    }

    @Test("a text that begins with a byte order mark reads back, also where it is the file's first")
    func leadingMark() throws {
        let schema = try Schema([Field("\u{FEFF}a", .string)])
        let batch = try ColumnBatch(schema: schema, rows: [[.string("\u{FEFF}b")]])
        let options = CSVReadOptions(types: ["\u{FEFF}a": .string])
        #expect(try readCSV(writeCSV(batch), options: options).rows == [[.string("\u{FEFF}b")]])
        let bare = writeCSV(batch, CSVWriteOptions(writesHeader: false))
        #expect(try readCSV(bare, options: CSVReadOptions(hasHeader: false)).rows == [[.string("\u{FEFF}b")]])
    }

    @Test("what is written reads back")
    func roundTrip() throws {
        var generator = SplitMix(7)
        let schema = try Schema([
            Field("s", .string), Field("i", .int64), Field("d", .double), Field("b", .bool), Field("t", .timestamp),
            Field("e", .date), Field("l", .stringList),
        ])
        for _ in 0..<20 {
            let rows = (0..<50).map { _ in schema.fields.map { randomCell($0.type, &generator) } }
            let batch = try ColumnBatch(schema: schema, rows: rows)
            for delimiter in [",", ";", "\t"] {
                var write = CSVWriteOptions()
                write.delimiter = UInt8(ascii: Unicode.Scalar(delimiter) ?? ",")
                var read = CSVReadOptions()
                read.delimiter = write.delimiter
                let text = writeCSV(batch, write)
                let result = try readCSV(text, options: read, piece: 37, schema: schema)
                #expect(result.rejected.isEmpty)
                #expect(result.rows == rows)
            }
        }
    }

    @Test("formulas are disarmed on request")
    func formulas() throws {
        let schema = try Schema([Field("a", .string), Field("b", .int64)])
        let batch = try ColumnBatch(
            schema: schema, rows: [[.string("=1+1"), .int64(-1)], [.string("@x"), .int64(2)]])
        var options = CSVWriteOptions()
        options.guardsFormulas = true
        #expect(writeCSV(batch, options) == "a,b\n'=1+1,-1\n'@x,2\n")
        #expect(writeCSV(batch) == "a,b\n=1+1,-1\n@x,2\n")
    }
}
