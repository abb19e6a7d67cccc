import Testing

@testable import Outbound

@Suite struct WebURLTests {
    @Test(arguments: [
        ("http://example.com", "http://example.com/"), ("HTTP://EXAMPLE.com:80/a", "http://example.com/a"),
        ("https://example.com:443/", "https://example.com/"), ("https://example.com:80/", "https://example.com:80/"),
        ("http://example.com./x", "http://example.com/x"), ("http://example.com/a/../b/./c", "http://example.com/b/c"),
        ("http://example.com/a b?c d", "http://example.com/a%20b?c+d"),
        ("http://example.com/#part", "http://example.com/"),
        ("http://example.com?q=1", "http://example.com/?q=1"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://example.com/ü", "http://example.com/%c3%bc"), ("http://a_b.example/", "http://a_b.example/"),
        ("http://[2606:4700:0:0::1111]/", "http://[2606:4700::1111]/"),
        // Everything that inet_aton takes for 127.0.0.1 is shown as what it is.
        ("http://2130706433/", "http://127.0.0.1/"), ("http://0x7f000001/", "http://127.0.0.1/"),
        ("http://0x7f.1/", "http://127.0.0.1/"), ("http://127.1/", "http://127.0.0.1/"),
        ("http://0177.0.0.1/", "http://127.0.0.1/"), ("http://017700000001/", "http://127.0.0.1/"),
        ("http://127.0.0.1./", "http://127.0.0.1/"), ("http://127.1./", "http://127.0.0.1/"),
        ("http://%31%32%37.0.0.1/", "http://127.0.0.1/"), ("http://127%2e0%2e0%2e1/", "http://127.0.0.1/"),
        ("http://１２７.０.０.１/", "http://127.0.0.1/"), ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("http://[::ffff:127.0.0.1]/", "http://[::ffff:127.0.0.1]/"),
        ("http://[::ffff:7f00:1]/", "http://[::ffff:127.0.0.1]/"),
        ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/"),
    ])
    func addressesHaveOneForm(text: String, canonical: String) throws {
        let url = try WebURL(text)
        #expect(url.description.lowercased() == canonical)
        #expect(try WebURL(url.description) == url)
    }

    @Test(arguments: [
        "", " http://example.com/", "http://example.com/ ", "example.com", "/path", "//example.com/", "http:///path",
        "http://",
        "http:example.com", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com:25/",
        "javascript:alert(1)",
        "data:text/html,x", "ws://example.com/", "http://user@example.com/", "http://user:pass@example.com/",
        "http://example.com@127.0.0.1/", "http://example.com:80@127.0.0.1/", "http://@example.com/",
        "http://example.com\\@127.0.0.1/", "http:\\\\example.com\\", "http://example.com\\.evil.test/",
        "http://exa\tmple.com/", "http://example.com/\r\nX: y", "http://example.com/\0", "http://exam ple.com/",
        "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[::1", "http://::1/", "http://[1.2.3.4]/",
        "http://[v1.x]/", "http://example.com:0/", "http://example.com:65536/", "http://example.com:-1/",
        "http://example.com:80a/", "http://1.2.3.4.5/", "http://256.256.256.256/", "http://1.2.3.999/",
        "http://example.0x7f/", "http://example.42/", "http://a..b/", "http://.a/", "http://a%00b/", "http://a%2fb/",
        "http://a%40b/", "http://exa<mple/", "http://exa%0ample/", "http://%/",
    ])
    func doubtfulAddressesAreRefused(text: String) {
        #expect(throws: OutboundError.self) { try WebURL(text) }
    }

    @Test func lengthsAreBounded() {
        #expect(throws: OutboundError.self) { try WebURL("http://a.test/" + String(repeating: "a", count: 9000)) }
        #expect(throws: OutboundError.self) { try WebURL("http://\(String(repeating: "a", count: 64)).test/") }
        #expect(throws: OutboundError.self) {
            try WebURL("http://" + Array(repeating: "abcdefghi", count: 26).joined(separator: ".") + ".test/")
        }
    }

    @Test(arguments: [
        ("b", "http://h.test/x/b"), ("/b", "http://h.test/b"), ("?q", "http://h.test/x/y?q"),
        ("//other.test/z", "http://other.test/z"), ("https://other.test", "https://other.test/"),
        ("../b", "http://h.test/b"),
        ("#f", "http://h.test/x/y?p=1"), ("a b", "http://h.test/x/a%20b"),
    ])
    func referencesResolve(reference: String, expected: String) throws {
        let base = try WebURL("http://h.test/x/y?p=1")
        #expect(try base.resolve(reference, maximumBytes: 8192).description == expected)
    }

    @Test func masksLeaveNoValues() throws {
        let url = try WebURL(
            "https://bucket.test/k?X-Amz-Signature=deadbeef&X-Amz-Credential=AKIA&bare&empty=&token=a=b")
        #expect(url.masked == "https://bucket.test/k?X-Amz-Signature=***&X-Amz-Credential=***&***&empty=***&token=***")
    }
}
