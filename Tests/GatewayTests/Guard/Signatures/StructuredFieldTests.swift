import Testing

@testable import Gateway

/// Structured fields (RFC 8941).
struct StructuredFieldTests {
    private func serialized(_ text: String) throws -> String {
        try StructuredFieldParser.dictionary(text).map { name, member in
            switch member {
            case .item(let item):
                var text = ""
                item.serialize(into: &text)
                return "\(name)=\(text)"
            case .list(let list): return "\(name)=\(list.serialized)"
            }
        }.joined(separator: ", ")
    }

    @Test(
        "A dictionary comes back in canonical form",
        arguments: [
            ("a=1", "a=1"), ("a=-0", "a=0"), ("a=1.50", "a=1.5"), ("a=-0.120", "a=-0.12"), ("a=1.0", "a=1.0"),
            ("a=\"x\\\"\\\\y\"", "a=\"x\\\"\\\\y\""), ("a=tok/en:1", "a=tok/en:1"), ("a=*x", "a=*x"),
            ("a=:AQID:", "a=:AQID:"), ("a=?0", "a=?0"), ("a", "a=?1"), ("a;b;c=2", "a=?1;b;c=2"),
            ("  a=1 \t,\t b=2  ", "a=1, b=2"), ("a=(  \"x\"   \"y\";p ); q=1", "a=(\"x\" \"y\";p);q=1"),
            ("a=()", "a=()"), ("*k-_.9=1", "*k-_.9=1"), ("", ""),
            ("a=999999999999999", "a=999999999999999"), ("a=999999999999.999", "a=999999999999.999"),
        ])
    func canonicalForm(text: String, canonical: String) throws {
        #expect(try serialized(text) == canonical)
    }

    @Test(
        "What breaks the grammar is refused",
        arguments: [
            "a=", "=1", "A=1", "a=1,", "a=1 b=2", "a=1,,b=2", "a=\"x", "a=\"\\x\"", "a=\"\u{7F}\"", "a=\"é\"", "a=:A:",
            "a=:AQID", "a=:A-_D:", "a=?2", "a=1.", "a=1.2345", "a=1234567890123456", "a=1234567890123.1", "a=--1",
            "a=-", "a=(\"x\"", "a=(\"x\"\"y\")", "a=(\"x\",\"y\")", "a=((1))", "a=1;", "a=1;B", "a=@1", "a=1\tb",
            "1a=1",
            "a=\u{0}", "a=1, a=2", "a=1;p=1;p=2", "a=(1);p;p",
        ])
    func refused(text: String) {
        #expect(throws: StructuredFieldFault.self) { try StructuredFieldParser.dictionary(text) }
    }

    @Test("Bounds hold: bytes, members, items, parameters, names")
    func bounds() {
        let many = { (count: Int, element: (Int) -> String, separator: String) in
            (0..<count).map(element).joined(separator: separator)
        }
        var limits = StructuredFieldLimits()
        limits.maxBytes = 100_000
        let tooLarge = [
            "a=\"\(String(repeating: "x", count: 100_000))\"",
            many(17, { "k\($0)" }, ","),
            "a=(\(many(65, { _ in "1" }, " ")))",
            "a=1\(many(17, { ";p\($0)" }, ""))",
            "\(String(repeating: "n", count: 65))=1",
        ]
        for text in tooLarge {
            #expect(throws: StructuredFieldFault.self) { try StructuredFieldParser.dictionary(text, limits: limits) }
        }
    }

    /// Random texts of the grammar's characters, and cut and changed true ones: the parser ends, and what it takes it
    /// takes again in its canonical form, which does not change any more.
    @Test("Anything at all is taken or refused, and what is taken stays the same", arguments: 0..<20)
    func fuzz(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let alphabet = Array("ab*=()\";:,? \t\\1029.-+/é\u{0}%@sig").map(String.init)
        let seeds = [
            "sig1=(\"@method\" \"@path\";req);created=1;keyid=\"a\";alg=\"hmac-sha256\", x=:AQID:;q=0.5",
            "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, a;b=?0",
        ]
        var taken = 0
        for _ in 0..<2_000 {
            var text: [String]
            if Bool.random(using: &random) {
                text = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                    alphabet.randomElement(using: &random) ?? ""
                }
            } else {
                text = (seeds.randomElement(using: &random) ?? "").map(String.init)
                for _ in 0..<Int.random(in: 0...3, using: &random) where !text.isEmpty {
                    let index = Int.random(in: 0..<text.count, using: &random)
                    if Bool.random(using: &random) {
                        text.remove(at: index)
                    } else {
                        text[index] = alphabet.randomElement(using: &random) ?? ""
                    }
                }
            }
            guard let canonical = try? serialized(text.joined()) else { continue }
            taken += 1
            #expect(try serialized(canonical) == canonical)
        }
        #expect(taken > 20)
    }
}
