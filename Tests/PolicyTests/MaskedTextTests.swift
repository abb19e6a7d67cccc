import SwiftProtobuf
import TestContractProtos
import Testing

@testable import PolicyModel

/// What logs show of messages.
@Suite struct MaskedTextTests {
    @Test func personalAndSecretFieldsAreMasked() {
        var request = goodRequest()
        request.counterCode = "open sesame"
        #expect(
            MaskedText.of(request) == """
                datavault.test.v1.CreateBookRequest{library: "north", book: {title: "A title", kind: paperback, \
                isbn: "9780131103627", authors: [{full_name: [personal], email: [personal]}]}, \
                counter_code: [secret]}
                """)
    }

    @Test func textCannotPretendToBeALineOfTheLog() {
        var book = Datavault_Test_V1_Book()
        book.title = "a\"\n\u{2028}ERROR b\u{1B}[31m"
        #expect(MaskedText.of(book) == #"datavault.test.v1.Book{title: "a\"  ERROR b [31m"}"#)
    }

    @Test func lengthIsBounded() {
        var book = goodBook()
        book.title = String(repeating: "x", count: 1_000)
        #expect(MaskedText.of(book).contains(#"title: "\#(String(repeating: "x", count: 128))…""#))
        for number in 0..<10_000 { book.labels["label\(number)"] = String(repeating: "y", count: 60) }
        let text = MaskedText.of(book)
        #expect(text.utf8.count < 3_000)
        #expect(text.contains("10000 in all"))
    }

    @Test func wellKnownTimesAreShownAndOthersAreNot() {
        var book = Datavault_Test_V1_Book()
        book.loanTime = Google_Protobuf_Duration(seconds: 86_400, nanos: 0)
        #expect(MaskedText.of(book) == #"datavault.test.v1.Book{loan_time: "86400s"}"#)
        #expect(MaskedText.of(Google_Protobuf_StringValue("secret")) == "google.protobuf.StringValue{…}")
    }
}
