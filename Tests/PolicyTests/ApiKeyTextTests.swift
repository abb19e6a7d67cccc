import Testing

@testable import Policy

@Suite struct ApiKeyTextTests {
    private static let random = (0..<32).map { UInt8($0) }

    @Test func checksumIsTheStandardsOne() {
        // The check value that the catalogue of CRCs gives for CRC-32/ISO-HDLC.
        #expect(CRC32.of("123456789".utf8) == 0xCBF4_3926)
        #expect(CRC32.of([]) == 0)
    }

    @Test func numbersHaveTheirDigits() {
        #expect(Base62.encode([0], digits: 2).map { String(decoding: $0, as: UTF8.self) } == "00")
        #expect(Base62.encode([61], digits: 1).map { String(decoding: $0, as: UTF8.self) } == "z")
        #expect(Base62.encode([62], digits: 2).map { String(decoding: $0, as: UTF8.self) } == "10")
        #expect(Base62.encode([62], digits: 1) == nil)
        #expect(Base62.encode([UInt8](repeating: 255, count: 32), digits: 42) == nil)
        #expect(Base62.encode([UInt8](repeating: 255, count: 32), digits: 43) != nil)
        #expect(Base62.encode(UInt32.max, digits: 6) != nil)
    }

    @Test func whatIsMadeIsRead() throws {
        let made = try #require(ApiKeyText(random: Self.random))
        #expect(made.text.utf8.count == ApiKeyText.size)
        #expect(made.text.hasPrefix("dv_live_"))
        #expect(made.shownPrefix.count == 12)
        #expect(ApiKeyText(made.text) == made)
        #expect(ApiKeyText(random: [1, 2, 3]) == nil)
    }

    @Test func eachChangeOfACharacterIsFound() throws {
        let text = Array(try #require(ApiKeyText(random: Self.random)).text.utf8)
        for index in text.indices {
            for other in [UInt8(ascii: "0"), UInt8(ascii: "z"), UInt8(ascii: "-"), 0, 0xC3] where other != text[index] {
                var changed = text
                changed[index] = other
                #expect(!ApiKeyText.isWellFormed(changed))
            }
        }
    }

    @Test func neighboursThatChangePlacesAreFound() throws {
        let text = Array(try #require(ApiKeyText(random: Self.random)).text.utf8)
        for index in text.indices.dropLast() where text[index] != text[index + 1] {
            var changed = text
            changed.swapAt(index, index + 1)
            #expect(!ApiKeyText.isWellFormed(changed))
        }
    }

    @Test func otherLengthsAreNone() throws {
        let text = try #require(ApiKeyText(random: Self.random)).text
        for length in 0..<text.count { #expect(ApiKeyText(text.prefix(length)) == nil) }
        #expect(ApiKeyText(text + "0") == nil)
        #expect(ApiKeyText(" " + text) == nil)
        #expect(ApiKeyText(String(repeating: "x", count: 1_000_000)) == nil)
    }

    @Test func manyAreAllDifferentAndSound() {
        var seen: Set<String> = []
        for _ in 0..<1_000 {
            let random = (0..<32).map { _ in UInt8.random(in: 0...255) }
            guard let key = ApiKeyText(random: random) else {
                Issue.record("no text for \(random)")
                return
            }
            #expect(ApiKeyText(key.text) != nil)
            seen.insert(key.text)
        }
        #expect(seen.count == 1_000)
    }
}
