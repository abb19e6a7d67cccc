import Testing

@testable import PolicyModel

@Suite struct TextFormatTests {
    static let good: [(TextFormat, [String])] = [
        (.email, ["a@b", "ada.lovelace+x@mail.example.com", "!#$%@example.com"]),
        (
            .httpURL,
            [
                "http://a", "HTTPS://example.com:8080/a%20b?q=1#f", "https://[2001:db8::1]:443/", "http://a?q",
                "http://192.0.2.1/",
            ]
        ),
        (.uuid, ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"]),
        (.hostName, ["a", "example.com", "xn--bcher-kva.example", "1.2.3"]),
        (
            .ipAddress,
            ["0.0.0.0", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1"]
        ),
        (.date, ["2026-03-31", "2024-02-29", "0001-01-01", "9999-12-31"]),
        (.resourceID, ["a", "a-b", "a1", String(repeating: "a", count: 63)]),
        (.countryCode, ["DE", "ZZ"]),
    ]

    static let bad: [(TextFormat, [String])] = [
        (
            .email,
            [
                "", "a", "@b", "a@", "a@@b", "a b@c", ".a@b", "a.@b", "a..b@c", "a@-b", "a@b..c", "é@b",
                String(repeating: "a", count: 65) + "@b", "a@" + String(repeating: "b.", count: 130) + "c",
                "a@b\n",
            ]
        ),
        (
            .httpURL,
            [
                "", "http://", "http:///a", "ftp://a", "//a", "http:a", "http://user@a", "http://a b", "http://a/%2",
                "http://a:65536", "http://a:", "http://a:1x", "http://[::1", "http://[1.2.3.4]/", "javascript:alert(1)",
                "http://a/\u{0}", "http://a/é",
            ]
        ),
        (
            .uuid,
            ["", "f81d4fae7dec11d0a76500a0c91e6bf6", "g81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae-7dec-11d0-a765"]
        ),
        (.hostName, ["", ".", "a.", ".a", "-a", "a-", "a_b", "a..b", String(repeating: "a", count: 64)]),
        (
            .ipAddress,
            [
                "", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
                "1::2::3", "12345::", "::g", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "::1%eth0", "1:2:3:4:5:6:7::8:9",
            ]
        ),
        (.date, ["", "2026-3-31", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-32", "0000-01-01", "2026-01-00"]),
        (.resourceID, ["", "A", "1a", "-a", "a-", "a_b", "ä", String(repeating: "a", count: 64)]),
        (.countryCode, ["", "D", "DEU", "de", "D1"]),
    ]

    @Test(arguments: good) func takes(format: TextFormat, texts: [String]) {
        for text in texts { #expect(format.matches(text), "\(text)") }
    }

    @Test(arguments: bad) func refuses(format: TextFormat, texts: [String]) {
        for text in texts { #expect(!format.matches(text), "\(text)") }
    }

    @Test(arguments: TextFormat.allCases) func isBounded(format: TextFormat) {
        #expect(!format.matches(String(repeating: "a", count: 10_000_000)))
    }
}
