import Testing

@testable import Gateway

@Suite("The documentation that the gateway serves") struct DocumentationSiteTests {
    @Test("The program carries the pages, and every one is there once") func embedded() throws {
        let archive = try DocumentationArchive.embedded()
        let paths = archive.files.map(\.path)
        #expect(paths.count > 60 && Set(paths).count == paths.count)
        #expect(paths.contains("/docs/") && paths.contains("/docs/404") && paths.contains("/docs/style.css"))
        for file in archive.files where file.mediaType.hasPrefix("text/html") {
            let text = String(decoding: archive.body(file), as: UTF8.self)
            #expect(text.hasPrefix("<!doctype html>") && text.hasSuffix("</html>\n"), "\(file.path)")
            #expect(text.contains("<h1>") && text.contains("<ol class=\"breadcrumb\">"), "\(file.path)")
            #expect(!text.contains("<script") && !text.contains(" style="), "\(file.path)")
        }
    }

    @Test("An archive that is cut, or says too much, is refused") func malformed() {
        let whole = Array("/a\ttext/html\tabc\t3\n/b\ttext/css\tdef\t2\n\none22".utf8)
        #expect(throws: Never.self) { try DocumentationArchive(count: whole.count) { Array(whole[$0]) } }
        for bad in [
            Array(whole.dropLast()), whole + [0], Array("/a\ttext/html\tabc\t-1\n\n".utf8),
            Array("/a\ttext/html\t3\n\none".utf8), [], Array("/a".utf8), Array("\n\n".utf8) + [1],
        ] {
            #expect(throws: DocumentationArchive.Malformed.self) {
                try DocumentationArchive(count: bad.count) { Array(bad[$0]) }
            }
        }
    }

    @Test("If-None-Match is compared as RFC 9110 says") func entityTags() {
        let tag = "\"abc\""
        #expect(DocumentationSite.matches(["\"abc\""], tag))
        #expect(DocumentationSite.matches(["W/\"abc\""], tag))
        #expect(DocumentationSite.matches(["\"x\" , \"abc\""], tag))
        #expect(DocumentationSite.matches(["\"x\"", " * "], tag))
        #expect(!DocumentationSite.matches([], tag))
        #expect(!DocumentationSite.matches(["abc", "\"abcd\"", "\"ab\""], tag))
    }

    @Test("Pages are served to anyone, with what browsers and crawlers look for") func served() async throws {
        let site = try DocumentationSite(DocumentationArchive.embedded())
        let missing = [(prefix: DocumentationSite.prefix, page: site.missing)]
        try await EdgeBed.run(pages: site.pages, missingPages: missing) { bed in
            let client = try await bed.client()
            let page = try await client.request(RequestText.get("/docs/guides/wire"))
            #expect(page.status == 200 && page["content-type"] == "text/html; charset=utf-8")
            #expect(page["cache-control"] == "no-cache")
            #expect(page["content-security-policy"]?.contains("style-src 'self'") == true)
            #expect(page["x-content-type-options"] == "nosniff")
            let tag = try #require(page["etag"])
            let again = try await client.request(RequestText.get("/docs/guides/wire", "if-none-match: \(tag)"))
            #expect(again.status == 304 && again.body.isEmpty && again["etag"] == tag)
            let head = try await client.request("HEAD /docs/guides/wire HTTP/1.1\r\nhost: edge.test\r\n\r\n")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head["content-length"] == String(page.body.count))

            let robots = try await client.request(RequestText.get("/robots.txt"))
            #expect(robots.text.contains("Sitemap: http://edge.test/sitemap.xml"))
            let map = try await client.request(RequestText.get("/sitemap.xml"))
            #expect(map.text.contains("<loc>http://edge.test/docs/guides/wire</loc>"))
            #expect(!map.text.contains("/docs/404"))
        }
    }

    @Test("Other forms of an address lead to the page; what leads nowhere is said so in a page") func missing()
        async throws
    {
        let site = try DocumentationSite(DocumentationArchive.embedded())
        let missing = [(prefix: DocumentationSite.prefix, page: site.missing)]
        try await EdgeBed.run(pages: site.pages, missingPages: missing) { bed in
            let client = try await bed.client()
            for (from, to) in [
                ("/", "/docs/"), ("/docs", "/docs/"), ("/docs/guides", "/docs/guides/"),
                ("/docs/guides/wire/", "/docs/guides/wire"),
            ] {
                let answer = try await client.request(RequestText.get(from))
                #expect([302, 308].contains(answer.status) && answer["location"] == to)
            }
            for path in ["/docs/nothing", "/docs/404", "/docs/404/", "/docs//guides/"] {
                let answer = try await client.request(RequestText.get(path))
                #expect(answer.status == 404 && answer.text.contains("No such page"), "\(path)")
            }
            // Whoever calls the API is told as the API tells.
            let call = try await client.request(RequestText.get("/api/v1/nothing"))
            #expect(call.status == 404 && call["content-type"] == "application/json")
            let post = try await client.request(RequestText.post("/docs/nothing", "{}"))
            #expect(post.status == 404 && post["content-type"] == "application/json")
            let posted = try await client.request(RequestText.post("/docs/", "{}"))
            #expect(posted.status == 405 && posted["allow"] == "GET, HEAD, OPTIONS")
        }
    }
}
