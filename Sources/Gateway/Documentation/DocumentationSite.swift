/// The suite's own documentation, as the gateway serves it to browsers and crawlers: for anyone, as it says nothing of
/// an installation.
struct DocumentationSite: Sendable {
    /// All of it lies below this.
    static let prefix = "/docs/"
    static let missingPath = "/docs/404"
    private static let label = "/docs"

    private let archive: DocumentationArchive
    private let byPath: [String: DocumentationArchive.File]

    init(_ archive: DocumentationArchive) {
        self.archive = archive
        byPath = Dictionary(archive.files.map { ($0.path, $0) }) { first, _ in first }
    }

    /// The pages by path, with what crawlers ask for and the way there from `/`.
    var pages: [String: EdgePage] {
        var pages: [String: EdgePage] = [:]
        for file in archive.files where file.path != Self.missingPath {
            pages[file.path] = EdgePage(label: Self.label) { request in content(file, request) }
        }
        pages["/"] = EdgePage(label: nil) { _ in Self.redirect(302, to: Self.prefix) }
        pages["/docs"] = EdgePage(label: Self.label) { _ in Self.redirect(308, to: Self.prefix) }
        pages["/robots.txt"] = EdgePage(label: nil) { request in robots(request) }
        pages["/sitemap.xml"] = EdgePage(label: nil) { request in siteMap(request) }
        return pages
    }

    /// What is shown for addresses below `/docs/` that lead nowhere: the way to the page that was meant, or that there
    /// is none.
    var missing: EdgePage {
        EdgePage(label: Self.label) { request in
            let path = request.path
            let other = path.hasSuffix("/") ? String(path.dropLast()) : path + "/"
            if byPath[other] != nil, path != Self.missingPath + "/" { return Self.redirect(308, to: other) }
            guard let file = byPath[Self.missingPath] else {
                return EdgePage.Content(status: 404, contentType: "text/plain; charset=utf-8", body: [])
            }
            var content = EdgePage.Content(status: 404, contentType: file.mediaType, body: archive.body(file))
            content.fields = Self.terms(file)
            content.hasOwnTerms = true
            return content
        }
    }

    private func content(_ file: DocumentationArchive.File, _ request: EdgePage.Request) -> EdgePage.Content {
        let isKnown = Self.matches(request.ifNoneMatch, file.entityTag)
        var content = EdgePage.Content(
            status: isKnown ? 304 : 200, contentType: isKnown ? nil : file.mediaType,
            body: isKnown ? [] : archive.body(file))
        content.fields = [("etag", file.entityTag)] + Self.terms(file)
        content.hasOwnTerms = true
        return content
    }

    /// Kept, and asked for again: another version of the program has other pages at the same addresses.
    private static func terms(_ file: DocumentationArchive.File) -> [(name: String, value: String)] {
        let policy =
            file.mediaType == "image/svg+xml"
            ? "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
            : "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
                + "frame-ancestors 'none'"
        return [("cache-control", "no-cache"), ("content-security-policy", policy)]
    }

    /// Whether a client has a representation of this tag (RFC 9110, section 13.1.2: a weak comparison).
    static func matches(_ ifNoneMatch: [String], _ entityTag: String) -> Bool {
        ifNoneMatch.contains { value in
            value.trimmedBlanks == "*"
                || value.split(separator: ",").contains { part in
                    let tag = String(part).trimmedBlanks
                    return tag == entityTag || tag == "W/" + entityTag
                }
        }
    }

    private static func redirect(_ status: Int, to path: String) -> EdgePage.Content {
        var content = EdgePage.Content(status: status, contentType: "text/plain; charset=utf-8", body: [])
        content.fields = [("location", path)]
        return content
    }

    // MARK: For crawlers

    /// RFC 9309: the pages are for crawlers, the calls are not.
    private func robots(_ request: EdgePage.Request) -> EdgePage.Content {
        let text = """
            User-agent: *
            Allow: /docs/
            Disallow: /api/

            Sitemap: \(Self.base(request))/sitemap.xml

            """
        return EdgePage.Content(contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    /// https://www.sitemaps.org/protocol.html. Neither paths nor an authority hold a character that XML would escape.
    private func siteMap(_ request: EdgePage.Request) -> EdgePage.Content {
        let base = Self.base(request)
        let pages = archive.files.filter { $0.mediaType.hasPrefix("text/html") && $0.path != Self.missingPath }
        let text =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
            + pages.map { "<url><loc>\(base)\($0.path)</loc></url>\n" }.joined() + "</urlset>\n"
        return EdgePage.Content(contentType: "application/xml", body: Array(text.utf8))
    }

    /// The address by which this client calls: the pages do not know another.
    private static func base(_ request: EdgePage.Request) -> String { "\(request.scheme)://\(request.authority)" }
}
