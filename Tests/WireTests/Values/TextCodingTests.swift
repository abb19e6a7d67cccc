import Foundation
import Testing

@testable import Wire

@Suite struct Base64Tests {
    @Test(arguments: 0...70)
    func agreesWithFoundation(_ count: Int) {
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
        let padded = Data(bytes).base64EncodedString()
        let bare = padded.replacingOccurrences(of: "=", with: "")
        #expect(Base64.encode(bytes) == bare)
        #expect(Base64.decode(bare.utf8) == bytes)
        #expect(Base64.decode(padded.utf8) == bytes)
    }

    @Test(arguments: ["A", "AAAAA", "AA=", "AAA==", "AA===", "A=AA", "=", "AA AA", "AA-_", "AAAA=", "AÄ==", "QQ==QQ=="])
    func refuses(_ text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }
}

@Suite struct PercentEncodingTests {
    private func decode(_ text: String) -> String { unsafe withBytes(text) { unsafe PercentEncoding.decode($0) } }

    @Test(arguments: [
        ("", ""), ("plain text ~", "plain text ~"), ("100%", "100%25"), ("a\tb\r\n", "a%09b%0D%0A"),
        ("\u{7F}\u{0}", "%7F%00"), ("ü☺", "%C3%BC%E2%98%BA"), ("😀", "%F0%9F%98%80"),
    ])
    func encodesAndDecodes(_ text: String, _ encoded: String) {
        #expect(PercentEncoding.encode(text) == encoded)
        #expect(decode(encoded) == text)
    }

    @Test(arguments: [
        ("%", "%"), ("%4", "%4"), ("%4g", "%4g"), ("%zz%41", "%zzA"), ("%c3%bc", "ü"), ("%%41", "%A"), ("50%", "50%"),
        ("%C3", "\u{FFFD}"), ("%41", "A"),
    ])
    func decodesLeniently(_ text: String, _ decoded: String) {
        #expect(decode(text) == decoded)
    }

    @Test func keepsEveryStringOfRandomScalars() {
        for _ in 0..<200 {
            let scalars = (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x10FFFF)) }
            let text = String(String.UnicodeScalarView(scalars))
            let encoded = PercentEncoding.encode(text)
            #expect(encoded.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7E })
            #expect(decode(encoded) == text)
        }
    }
}
