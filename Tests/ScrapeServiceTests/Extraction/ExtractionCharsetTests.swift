import Testing

@testable import ScrapeService

@Suite struct ExtractionCharsetTests {
    private func text(_ bytes: [UInt8], _ label: String, limit: Int = 1_000) -> (text: String, isCut: Bool) {
        let page = PageInput(bytes: bytes, url: "http://localhost/", contentType: "text/html; charset=\(label)")
        let text = PageText(page, limit: limit)
        return (String(decoding: text.text.array, as: UTF8.self), text.isCut)
    }

    /// Bytes that an encoding lacks, in the middle and at the end: each page ends.
    @Test(arguments: ["shift_jis", "gb18030", "big5", "euc-jp", "euc-kr", "iso-2022-jp", "koi8-r", "windows-1251"])
    func invalidBytesAreReplaced(_ label: String) {
        let (text, isCut) = text(Array("a".utf8) + [0xFF, 0x62, 0x80, 0x20, 0xFF], label)
        #expect(text.hasPrefix("a"))
        #expect(text.contains("b"))
        #expect(!isCut)
    }

    @Test func aCutCharacterIsReplaced() {
        #expect(text([0x83, 0x65, 0x83], "shift_jis").text == "テ\u{FFFD}")
        #expect(text([0x83, 0x65, 0xFF, 0x83, 0x65], "shift_jis").text == "テ\u{FFFD}テ")
    }

    @Test(arguments: ["shift_jis", "koi8-r", "big5", "utf-16le", "windows-1252"])
    func decodedTextHasABound(_ label: String) {
        let (text, isCut) = text([UInt8](repeating: 0xC1, count: 200_000), label, limit: 100)
        #expect(text.utf8.count <= 100)
        #expect(isCut)
    }
}
