import Testing

@testable import Patterns

@Suite struct PatternTests {
    @Test(arguments: [
        ("", [""], ["a"]),
        ("abc", ["abc"], ["", "ab", "abcd", "xabc"]),
        ("a?b*c+", ["c", "ac", "abbcc"], ["", "ab", "aac"]),
        ("a{2}", ["aa"], ["a", "aaa"]),
        ("a{2,}", ["aa", "aaaaa"], ["a"]),
        ("a{1,3}", ["a", "aaa"], ["", "aaaa"]),
        ("a{0}b", ["b"], ["ab"]),
        ("(ab|cd)+", ["ab", "cdab"], ["", "abc"]),
        ("(?:a|)b", ["ab", "b"], ["a"]),
        ("[a-c]x[^a-c]", ["axd", "cxé", "bx€", "ax😀"], ["dxd", "axa"]),
        (#"\d\w\s"#, ["1_ ", "9Z\t"], ["a_ ", "1- "]),
        (#"\D\W\S"#, ["a-x", "é€x"], ["1-x", "a_x", "a- "]),
        (".", ["a", "é", "€", "😀"], ["", "\n", "ab"]),
        (#"a\.b\\\[\]"#, [#"a.b\[]"#], [#"axb\[]"#]),
        ("[-a]", ["-", "a"], ["b"]),
        ("[a-]", ["-", "a"], ["b"]),
        (#"[\]\-\\x]"#, ["]", "-", "\\", "x"], ["a"]),
        ("é+", ["é", "éé"], ["e", ""]),
        ("(a*)*b", ["b", "aaab"], ["a"]),
        ("(a?){3}", ["", "aaa"], ["aaaa"]),
    ]) func matches(source: String, good: [String], bad: [String]) throws {
        let pattern = try Pattern(source)
        for text in good { #expect(pattern.matches(text), "\(text)") }
        for text in bad { #expect(!pattern.matches(text), "\(text)") }
    }

    @Test(arguments: [
        "(", ")", "(a", "a)", "[", "[]", "[a", "[z-a]", "[é]", "*", "a**", "a+?", "a{", "a{x}", "a{2,1}", "a{1001}",
        "^a", "a$", "(?=a)", "(?P<x>a)", #"\1"#, #"\b"#, #"\"#, #"\é"#, "a]", "a}", #"[\D]"#,
        String(repeating: "(", count: 40) + "a" + String(repeating: ")", count: 40),
        "(((a{1000}){1000}){1000})", "(a|b)*a(a|b){14}",
    ]) func refuses(source: String) {
        #expect(throws: PatternError.self) { _ = try Pattern(source) }
    }

    @Test func takesTimeInProportionToTheText() throws {
        // What makes a backtracking engine try 2^n ways.
        let pattern = try Pattern("(a|a)*(a|aa)*b")
        #expect(!pattern.matches(String(repeating: "a", count: 1_000_000)))
    }
}
