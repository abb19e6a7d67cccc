import ServiceKit
import Testing

@Suite struct PageTokenTextTests {
    @Test(arguments: [
        ([Int64](), ""), ([0], ""), ([.min, .max, -1], ""),
        ([1_780_000_000_000_001], "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ([7], "å\u{10FFFF}"),
    ]) func comesBack(_ numbers: [Int64], _ text: String) {
        let token = PageTokenText.write(numbers, text, for: ["runs", "acme"])
        let place = PageTokenText.read(token, numbers: numbers.count, for: ["runs", "acme"])
        #expect(place?.numbers == numbers && place?.text == text)
        #expect(PageTokenText.read(token, numbers: numbers.count, for: ["runs", "globex"]) == nil)
        #expect(PageTokenText.read(token, numbers: numbers.count, for: ["run", "sacme"]) == nil)
        #expect(!token.contains("acme") && !token.contains("="))
    }

    @Test func hasOneSpelling() {
        // 18 bytes and one: two characters at the end have bits that stand for nothing.
        let token = PageTokenText.write([1], "ab", for: ["x"])
        let known = PageTokenText.read(token, numbers: 1, for: ["x"])
        #expect(known?.text == "ab")
        for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
            let other = token.dropLast() + String(last)
            let read = PageTokenText.read(String(other), numbers: 1, for: ["x"])
            #expect(other == token || read != known)
        }
        for other in [token + "=", token + "==", " " + token, token + "A", token.replacing("A", with: "+"), ""] {
            #expect(other == token || PageTokenText.read(other, numbers: 1, for: ["x"]) == nil)
        }
    }

    @Test func isBounded() {
        let long = PageTokenText.write([1], String(repeating: "a", count: 2_000), for: ["x"])
        #expect(PageTokenText.read(long, numbers: 1, for: ["x"]) == nil)
        #expect(PageTokenText.read(PageTokenText.write([1], "a\u{0}", for: ["x"]), numbers: 1, for: ["x"]) == nil)
        #expect(PageTokenText.read(PageTokenText.write([1], for: ["x"]), numbers: 2, for: ["x"]) == nil)
    }
}
