import Testing

@testable import ScrapeService

struct CrawlURLTests {
    @Test(arguments: [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("https://example.org:80/a", "https://example.org:80/a"),
        ("http://example.org:/a", "http://example.org/a"),
        ("http://example.org./a", "http://example.org/a"),
        ("http://example.org..:8080/a", "http://example.org:8080/a"),
        ("http://example.org/a/./b/../c", "http://example.org/a/c"),
        ("http://example.org/../../a", "http://example.org/a"),
        ("http://example.org/a/..", "http://example.org/"),
        ("http://example.org/a/.", "http://example.org/a/"),
        ("http://example.org/a/%2e%2E/b", "http://example.org/b"),
        ("http://example.org/%7euser/%e4%f6", "http://example.org/~user/%E4%F6"),
        ("http://example.org/ä b", "http://example.org/%C3%A4%20b"),
        ("http://example.org/a%zzb", "http://example.org/a%zzb"),
        ("http://example.org/%4%41%%34A", "http://example.org/%4%41%%34A"),
        ("http://example.org/a#top", "http://example.org/a"),
        ("http://example.org?b=2&a=1#x", "http://example.org/?b=2&a=1"),
        ("http://example.org/a?", "http://example.org/a"),
        ("http://example.org/a?q=ä&r=%41", "http://example.org/a?q=%C3%A4&r=A"),
        ("http://example.org\\a\\b", "http://example.org/a/b"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://example.org//a//b", "http://example.org//a//b"),
    ])
    func hasOneForm(_ text: String, _ expected: String) throws {
        let url = try #require(CrawlURL(text))
        #expect(url.text == expected)
        #expect(CrawlURL(url.text)?.text == expected, "the form is its own form")
    }

    @Test(arguments: [
        "ftp://example.org/", "javascript:alert(1)", "//example.org/", "http:", "http://", "http:///a",
        "http://user@example.org/", "http://user:pass@example.org/", "http://example.org:99999/",
        "http://example.org:x/", "http://example.org:8x:80/", "http://example.org:8:/",
        "http://[::1/", "http://::1/",
        "http://a[::1]/", "http://[]/", "http://[a/", "http://exa mple.org/", "http://example.org:0/",
        "mailto:a@example.org",
    ])
    func refuses(_ text: String) {
        #expect(CrawlURL(text) == nil)
    }

    @Test func hasParts() throws {
        let url = try #require(CrawlURL("https://example.org:8443/a/b?c=d"))
        #expect(url.origin == "https://example.org:8443")
        #expect(url.host == "example.org:8443")
        #expect(url.hostName == "example.org")
        #expect(url.path == "/a/b")
        #expect(url.query == "c=d")
        #expect(url.target == "/a/b?c=d")
        #expect(url.isSecure)
        #expect(CrawlURL("http://[::1]:80/")?.hostName == "::1")
    }

    @Test(arguments: [
        ("http://e.org/?utm_source=x&a=1", "http://e.org/?a=1"),
        ("http://e.org/?a=1&utm_medium=x", "http://e.org/?a=1"),
        ("http://e.org/?utm_source=x", "http://e.org/"),
        ("http://e.org/?a=1&fbclid&b=2", "http://e.org/?a=1&b=2"),
        ("http://e.org/?fbclidx=1", "http://e.org/?fbclidx=1"),
    ])
    func leavesParametersOut(_ text: String, _ expected: String) throws {
        let ignored = IgnoredParameters(["utm_*", "fbclid"])
        #expect(CrawlURL(text, ignoring: ignored)?.text == expected)
    }

    @Test func hasABound() {
        #expect(CrawlURL("http://e.org/" + String(repeating: "a", count: 9_000)) == nil)
        // Encoding makes it longer than it came.
        #expect(CrawlURL("http://e.org/" + String(repeating: " ", count: 4_000)) == nil)
    }
}
