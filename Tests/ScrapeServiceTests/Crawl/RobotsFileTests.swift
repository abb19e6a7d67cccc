import Testing

@testable import ScrapeService

struct RobotsFileTests {
    private func file(_ text: String) -> RobotsFile { RobotsFile(Array(text.utf8), agent: "DataVault") }

    /// The examples of RFC 9309, 5.1, for each of its crawlers.
    @Test(arguments: [
        ("ExampleBot", "/", true), ("ExampleBot", "/example/page.html", false),
        ("ExampleBot", "/example/disallowed.gif", false), ("ExampleBot", "/publications/a", true),
        ("FooBot", "/", false), ("FooBot", "/example/page.html", true),
        ("FooBot", "/example/allowed.gif", true), ("BarBot", "/", false), ("BarBot", "/example/page.html", true),
        ("BazBot", "/anything", false), ("QuuxBot", "/", true), ("QuuxBot", "/secret", true),
    ])
    func followsTheExamples(_ agent: String, _ path: String, _ isAllowed: Bool) {
        let text = """
            User-Agent: *
            Disallow: *.gif$
            Disallow: /example/
            Allow: /publications/

            User-Agent: foobot
            Disallow:/
            Allow:/example/page.html
            Allow:/example/allowed.gif

            User-Agent: barbot
            User-Agent: bazbot
            Disallow: /
            Allow: /example/page.html

            User-Agent: quuxbot

            EOF
            """
        let file = RobotsFile(Array(text.utf8), agent: agent)
        #expect(file.allows(path) == isAllowed)
    }

    /// RFC 9309, 2.2.2 and 2.2.3: the longest match, wildcards, the end.
    @Test(arguments: [
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", true),
        ("Disallow: /a\nAllow: /a/b", "/a/c", false),
        ("Allow: /a\nDisallow: /a", "/a", true),
        ("Disallow: /a\nAllow: /a", "/a", true),
        ("Disallow: /*.php$", "/x.php", false),
        ("Disallow: /*.php$", "/x.php?y", true),
        ("Disallow: /*.php", "/x.php?y", false),
        ("Disallow: /fish*", "/fishheads", false),
        ("Disallow: /fish/", "/fish", true),
        ("Disallow: /a*b*c", "/a1b2d", true),
        ("Disallow: /a*b*c", "/axxbxxc/d", false),
        ("Disallow: /*aab", "/aaab", false),
        ("Disallow: *ab*ab$", "/abab", false),
        ("Disallow: *ab*ab$", "/ab", true),
        ("Disallow: *ab*ab$", "/aab", true),
        ("Disallow: /a*a$", "/a", true),
        ("Disallow: **$", "/a", false),
        ("Disallow: /$", "/", false),
        ("Disallow: /$", "/a", true),
        ("Disallow:", "/a", true),
        ("Disallow: /", "/robots.txt", true),
        ("Allow: /p\nDisallow: /", "/page", true),
        ("Allow: /page\nDisallow: /*.htm", "/page.htm", false),
        ("Allow: /page\nDisallow: /*.ht", "/page.htm", true),
    ])
    func matches(_ rules: String, _ path: String, _ isAllowed: Bool) {
        #expect(file("User-agent: *\n\(rules)").allows(path) == isAllowed)
    }

    /// RFC 9309, 2.2.2: encoded and not is the same, but for what is reserved.
    @Test(arguments: [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz", false),
        ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar", false),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84", false),
        ("/foo/bar/%E3%83%84", "/foo/bar/%E3%83%84", false),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", false),
        ("/a%2fb", "/a/b", true),
        ("/a%2Fb", "/a%2fb", false),
    ])
    func comparesEncodings(_ rule: String, _ path: String, _ isAllowed: Bool) {
        #expect(file("User-agent: *\nDisallow: \(rule)").allows(path) == isAllowed)
    }

    @Test func mergesGroups() {
        let text = """
            user-agent: DataVault/2.0
            disallow: /a
            user-agent: *
            disallow: /c
            crawl-delay: 9
            sitemap: https://example.org/one.xml
            USER-AGENT: datavault
            disallow: /b # and no further
            crawl-delay: 2.5
            Sitemap: https://example.org/two.xml
            """
        let found = file(text)
        #expect(!found.allows("/a"))
        #expect(!found.allows("/b"))
        #expect(found.allows("/c"))
        #expect(found.crawlDelay == 2.5)
        #expect(found.sitemaps == ["https://example.org/one.xml", "https://example.org/two.xml"])
    }

    @Test func readsWhatItCan() {
        #expect(file("").allows("/"))
        #expect(file("\u{FEFF}User-agent: *\r\nDisallow: /a\r\rDisallow: /b").allows("/b") == false)
        #expect(file("Disallow: /a").allows("/a"), "a rule before any group is nobody's")
        #expect(file("User-agent: *\nUnknown: x\nDisallow: /a").allows("/a") == false)
        #expect(file("User-agent: *\nCrawl-delay: soon\nCrawl-delay: -1\nDisallow: /a").crawlDelay == nil)
        #expect(RobotsFile([0xFF, 0xFE, 0x00, 0x0A], agent: "x").allows("/"))
    }

    @Test func readsSoMuchAndNoMore() {
        let filler = String(repeating: "# filler\n", count: RobotsFile.maximumBytes / 9)
        let text = "User-agent: *\nDisallow: /early\n" + filler + "Disallow: /late\n"
        #expect(!file(text).allows("/early"))
        #expect(file(text).allows("/late"))
    }

    /// Stars do not multiply.
    @Test func isQuickWhateverThePattern() {
        let rule = "/" + String(repeating: "*a", count: 500)
        let path = "/" + String(repeating: "a", count: 400) + "b"
        #expect(file("User-agent: *\nDisallow: \(rule)").allows(path))
    }

    @Test func readsTags() {
        #expect(RobotsTags(["noindex, nofollow"], agent: "DataVault").isNoFollow)
        #expect(RobotsTags(["none"], agent: "DataVault").isNoIndex)
        #expect(!RobotsTags(["otherbot: noindex, nofollow"], agent: "DataVault").isNoIndex)
        #expect(RobotsTags(["otherbot: noindex", "datavault: noindex"], agent: "DataVault").isNoIndex)
        #expect(RobotsTags(["unavailable_after: 25 Jun 2030 15:00:00 PST, noindex"], agent: "DataVault").isNoIndex)
    }
}
