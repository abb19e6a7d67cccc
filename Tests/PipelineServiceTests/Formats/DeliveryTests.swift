import Testing

@testable import PipelineService

@Suite("A file gives the same in whatever pieces it comes")
struct DeliveryTests {
    /// Bounds that small files reach.
    static let limits = {
        var limits = FormatLimits()
        limits.chunkBytes = 16
        limits.maximumRecordBytes = 40
        return limits
    }()

    @Test("the types of a table", arguments: [1, 7, 16, 17, 40])
    func tableTypes(piece: Int) throws {
        // The third record would make text of the first column; it lies behind the bytes that types are inferred from.
        let text = "a,b\n1,2\n3,4\nx,5\n6,7\n"
        let whole = try readCSV(text, limits: Self.limits)
        let cut = try readCSV(text, limits: Self.limits, piece: piece)
        #expect(whole.schema?.fields == [Field("a", .int64), Field("b", .int64)])
        #expect(cut.schema?.fields == whole.schema?.fields)
        #expect(cut.rows == whole.rows)
        #expect(cut.rejected == whole.rejected)
    }

    @Test("the types of a table whose first record is long", arguments: [1, 5, 30])
    func longRecord(piece: Int) throws {
        let text = "a,b\n12345678901234567,\"2\n\"\n3,4\n"
        let cut = try readCSV(text, limits: Self.limits, piece: piece)
        #expect(cut.schema?.fields == [Field("a", .int64), Field("b", .string)])
        #expect(cut.rows.count == 2)
    }

    @Test("the fields of records", arguments: [1, 7, 16, 17, 40])
    func recordFields(piece: Int) throws {
        let text = "{\"a\":1}\n{\"a\":2,\"b\":3}\n{\"a\":\"x\"}\n"
        let whole = try NDJSONTests.read(text, limits: Self.limits)
        let cut = try NDJSONTests.read(text, limits: Self.limits, piece: piece)
        #expect(whole.schema?.fields == [Field("a", .int64)])
        #expect(cut.schema?.fields == whole.schema?.fields)
        #expect(cut.rejected == whole.rejected)
        #expect(cut.rejected.map(\.reason) == [.unknownField, .invalidValue])
    }

    @Test("a record that is too long", arguments: [1, 30, 1_000])
    func tooLong(piece: Int) {
        let cells = String(repeating: "x", count: 41)
        for (text, reason) in [
            ("a\n1\n\(cells)\n2\n", FormatError.Reason.recordTooLong), ("a\n1\n\(cells)", .recordTooLong),
            ("a\n\"\(cells)\n2\"\n", .unclosedQuote), ("a\n\"\(cells)", .unclosedQuote), (cells, .recordTooLong),
        ] {
            do {
                _ = try readCSV(text, limits: Self.limits, piece: piece)
                Issue.record("\(text) was read")
            } catch {
                #expect((error as? FormatError)?.reason == reason, "\(text)")
            }
        }
        for text in ["{\"a\":1}\n{\"a\":\"\(cells)\"}\n{}\n", "{\"a\":\"\(cells)\"}"] {
            do {
                _ = try NDJSONTests.read(text, limits: Self.limits, piece: piece)
                Issue.record("\(text) was read")
            } catch {
                #expect((error as? FormatError)?.reason == .recordTooLong, "\(text)")
            }
        }
    }

    @Test("the rows before a quote that is never closed are given")
    func rowsBeforeFault() throws {
        var reader = try CSVReader()
        reader.push(Array("a,b\n1,2\n3,\"4\n5,6\n".utf8)[...])
        reader.finish()
        #expect(try reader.next()?.batch.rowCount == 1)
        do {
            _ = try reader.next()
            Issue.record("the quote was closed")
        } catch {
            #expect(error.reason == .unclosedQuote)
            #expect(error.record == 2)
            #expect(error.offset == 8)
        }
    }
}

@Suite("Rejected records")
struct RejectedRecordTests {
    @Test("a row is not rejected for the record behind it")
    func neighbours() throws {
        // The second record is ragged and no UTF-8; the first one is neither.
        let bytes = Array("a,b\n1,x\n".utf8) + [0xFF, 0x0A] + Array("2,y\n".utf8)
        let result = try read(CSVReader(), bytes)
        #expect(result.rows == [[.int64(1), .string("x")], [.int64(2), .string("y")]])
        #expect(result.rejected.map(\.reason) == [.raggedRecord])
    }

    @Test("a rejected record is shown as it stands in the file, and alone")
    func text() throws {
        var options = CSVReadOptions()
        options.types = ["b": .int64]
        let result = try readCSV("a,b\n\"say \"\"hi\"\"\",x\nragged\n1,y\r\n", options: options)
        #expect(result.rejected.map(\.text) == ["\"say \"\"hi\"\"\",x", "ragged", "1,y"])
    }
}
