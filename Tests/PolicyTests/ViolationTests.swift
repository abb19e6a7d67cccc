import SwiftProtobuf
import TestContractProtos
import Testing

@testable import PolicyModel

/// What generated checks find.
@Suite struct ViolationTests {
    @Test func goodMessageHasNone() { #expect(violations(goodRequest()) == [:]) }

    @Test(
        arguments: [
            ("9790131103627", nil), ("9770131103627", Violation.Kind.pattern), ("978013110362", .length),
        ] as [(String, Violation.Kind?)]) func pattern(isbn: String, expected: Violation.Kind?)
    {
        var book = goodBook()
        book.isbn = isbn
        #expect(violations(book)["isbn"] == expected)
    }

    @Test(
        arguments: [(0, Violation.Kind.range), (1, nil), (999_999, nil), (1_000_000, .range), (-1, .range)]
            as [(Int64, Violation.Kind?)])
    func memberOfOneofIsCheckedAtItsDefault(mark: Int64, expected: Violation.Kind?) {
        var book = goodBook()
        book.shelfMark = mark
        #expect(violations(book)["shelf_mark"] == expected)
    }

    @Test func lengthCountsCodePoints() {
        var book = goodBook()
        book.title = String(repeating: "é", count: 200)
        #expect(violations(book) == [:])
        book.title += "é"
        #expect(violations(book) == ["title": .length])
        // Two code points a character.
        book.title = String(repeating: "e\u{301}", count: 101)
        #expect(violations(book) == ["title": .length])
    }

    @Test(arguments: [(0.0, true), (1.0, true), (1.000_1, false), (-0.1, false), (.nan, false), (.infinity, false)])
    func realRange(wear: Double, isGood: Bool) {
        var book = goodBook()
        book.wear = wear
        #expect(violations(book).isEmpty == isGood)
    }

    @Test func durations() {
        var book = goodBook()
        for (seconds, nanos, expected) in [
            (86_400, 0, nil), (86_399, 999_999_999, Violation.Kind.range), (2_419_200, 1, .range),
            (86_401, -1, .format), (86_400, 1_000_000_000, .format), (.max, 0, .range),
        ] as [(Int64, Int32, Violation.Kind?)] {
            book.loanTime = Google_Protobuf_Duration(seconds: seconds, nanos: nanos)
            #expect(violations(book)["loan_time"] == expected, "\(seconds) \(nanos)")
        }
        book.loanTime = Google_Protobuf_Duration(seconds: 1, nanos: 500_000_000)
        var found = Violations()
        book.check(&found)
        #expect(found.list.first?.description == "must be between 86400s and 2419200s")
    }

    @Test func timestamps() {
        var book = goodBook()
        book.createTime = Google_Protobuf_Timestamp(seconds: 253_402_300_800, nanos: 0)
        #expect(violations(book) == ["create_time": .format])
        book.createTime = Google_Protobuf_Timestamp(seconds: 0, nanos: -1)
        #expect(violations(book) == ["create_time": .format])
    }

    @Test func unknownEnumValuesAreRefused() {
        var book = goodBook()
        book.kind = .UNRECOGNIZED(7)
        #expect(violations(book) == ["kind": .unknownValue])
        book.kind = .unspecified
        #expect(violations(book) == ["kind": .required])
    }

    @Test func mapsNameTheirKeys() {
        var book = goodBook()
        book.labels = ["shelf": String(repeating: "x", count: 64)]
        #expect(violations(book) == [#"labels["shelf"]"#: .length])
        book.labels = ["Shelf": "7"]
        #expect(violations(book) == ["labels": .pattern])
    }

    @Test func listsNameTheirElements() {
        var book = goodBook()
        book.authors.append(Datavault_Test_V1_Author())
        #expect(violations(book) == ["authors[1].full_name": .required])
        book.authors = []
        #expect(violations(book) == ["authors": .required])
    }

    @Test func listIsBounded() {
        var found = Violations()
        for _ in 0..<1_000 { found.missing("x") }
        #expect(found.isFull && found.list.count == Violations.limit)
        // A list with too many elements is not looked through.
        var book = goodBook()
        book.authors = Array(repeating: Datavault_Test_V1_Author(), count: 100_000)
        #expect(violations(book) == ["authors": .count])
    }

    @Test func updateForgivesWhatTheMaskLeavesOut() {
        var request = Datavault_Test_V1_UpdateBookRequest()
        request.book.name = "libraries/north/books/1"
        request.updateMask.paths = ["etag"]
        #expect(violations(request) == [:])
        request.updateMask.paths = ["title"]
        #expect(violations(request) == ["book.title": .required])
        request.book.title = String(repeating: "x", count: 201)
        request.updateMask.paths = []
        #expect(violations(request) == ["book.title": .length])
        request.updateMask.paths = ["*"]
        #expect(Set(violations(request).keys) == ["book.title", "book.kind", "book.number", "book.authors"])
        request.clearBook()
        #expect(violations(request) == ["book": .required])
    }

    @Test func boundsAreSentences() {
        #expect(Violations.text(of: 1...1, "element", "elements") == "exactly 1 element")
        #expect(Violations.text(of: 0...5, "element", "elements") == "at most 5 elements")
        #expect(Violations.text(of: 2...5, "element", "elements") == "2 to 5 elements")
        #expect(Violations.text(of: 2...Int.max, "element", "elements") == "at least 2 elements")
    }
}
