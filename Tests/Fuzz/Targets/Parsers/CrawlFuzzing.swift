@testable import ScrapeService

/// URLs: the one form of each is its own form, and its parts are the whole.
func fuzzURL(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    let ignored = IgnoredParameters(["utm_*", "fbclid"])
    for (text, ignored) in [(text, IgnoredParameters.none), (text, ignored), ("http://h/\(text)", ignored)] {
        guard let url = CrawlURL(text, ignoring: ignored) else { continue }
        check(url)
        let again = CrawlURL(url.text, ignoring: ignored)
        precondition(again == url, "\(url) is read as \(again?.text ?? "nothing")")
    }
    let base = WebAddress("https://example.com/a/b/c?d#e")
    for address in [WebAddress(text), WebAddress(text, base: base)] {
        guard let address else { continue }
        check(address)
        guard let absolute = LinkResolver.absolute(address.description), let url = CrawlURL(absolute) else { continue }
        check(url)
        precondition(CrawlURL(url.text) == url, "\(url) is read as another")
    }
}

private func check(_ url: CrawlURL) {
    precondition(url.text.utf8.count <= CrawlURL.maximumBytes, "a URL is too long")
    precondition(url.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a URL is not encoded: \(url)")
    precondition(url.origin + url.target == url.text, "parts of \(url) are missing")
    let scheme = url.isSecure ? "https" : "http"
    precondition(url.origin == "\(scheme)://\(url.host)", "\(url) has the origin \(url.origin)")
    precondition(url.path + (url.query.map { "?\($0)" } ?? "") == url.target, "\(url) has the target \(url.target)")
    precondition(url.path.hasPrefix("/"), "\(url) has no path")
    precondition(!url.host.isEmpty, "\(url) has no host")
    precondition(!url.path.utf8.split(separator: 0x2F).contains { $0.elementsEqual("..".utf8) }, "\(url) goes up")
}

private func check(_ address: WebAddress) {
    precondition(address.bytes.allSatisfy { $0 > 0x1F && $0 < 0x7F }, "an address is not encoded: \(address)")
    precondition(address.bytes[address.schemeEnd] == UInt8(ascii: ":"), "\(address) has no scheme")
    precondition(
        address.schemeEnd < address.pathStart && address.pathStart <= address.queryStart
            && address.queryStart <= address.fragmentStart && address.fragmentStart <= address.bytes.count,
        "\(address) has no parts")
    let again = WebAddress(address.description)
    precondition(again == address, "\(address) is read as \(again?.description ?? "nothing")")
}

/// robots.txt: its first line is the path that the others are asked about. Rules say what a plain reading of them says.
func fuzzRobots(_ input: [UInt8]) {
    let line = input.prefix { $0 != 0x0A }
    let file = RobotsFile(Array(input.dropFirst(line.count + 1)), agent: "DataVault")
    precondition(file.rules.count <= 10_000 && file.sitemaps.count <= 100, "no bound")
    if let delay = file.crawlDelay { precondition(delay >= 0 && delay <= 3_600, "a delay of \(delay)") }
    let rules = file.rules.patterns
    for rule in rules {
        precondition(!rule.pattern.isEmpty && rule.pattern.allSatisfy { $0 > 0x20 && $0 < 0x80 }, "no pattern")
    }
    guard let url = CrawlURL("https://h/\(String(decoding: line, as: UTF8.self))") else { return }
    let target = url.target
    precondition(file.allows("/robots.txt"), "the file itself is always allowed")
    guard target != "/robots.txt", target.utf8.count <= 64, rules.count <= 64 else { return _ = file.allows(target) }
    // A file of one rule tells how the path is written in patterns.
    let path = RobotsFile(Array("user-agent: *\nallow: ".utf8) + Array(target.utf8), agent: "x").rules.patterns.first
    guard let path = path?.pattern, target.utf8.allSatisfy({ $0 != 0x23 }) else { return }
    var best: (length: Int, isAllowed: Bool) = (-1, true)
    for rule in rules where matches(rule.pattern[...], path[...]) {
        let length = rule.pattern.count
        if length > best.length || length == best.length && rule.isAllowed { best = (length, rule.isAllowed) }
    }
    precondition(file.allows(target) == best.isAllowed, "\(target): not \(best)")
}

/// RFC 9309, 2.2.3, by filling a table: which beginnings of the path the pattern so far may have taken.
private func matches(_ pattern: ArraySlice<UInt8>, _ path: ArraySlice<UInt8>) -> Bool {
    let isAnchored = pattern.last == UInt8(ascii: "$")
    var taken = [Bool](repeating: false, count: path.count + 1)
    taken[0] = true
    for byte in isAnchored ? pattern.dropLast() : pattern {
        var next = [Bool](repeating: false, count: path.count + 1)
        for (index, isTaken) in taken.enumerated() {
            if byte == UInt8(ascii: "*") {
                next[index] = isTaken || index > 0 && next[index - 1]
            } else if isTaken, index < path.count, path[path.startIndex + index] == byte {
                next[index + 1] = true
            }
        }
        taken = next
    }
    return isAnchored ? taken[path.count] : taken.contains(true)
}

/// Sitemaps, compressed or not: what they name is bounded, and a URL that was escaped comes back.
func fuzzSitemap(_ input: [UInt8]) {
    let map = Sitemap(input)
    precondition(map.pages.count + map.sitemaps.count <= Sitemap.maximumURLs, "no bound")
    precondition(map.pages.isEmpty || map.sitemaps.isEmpty, "an index has pages")
    guard let packed = Gzip.compressed(input) else { preconditionFailure("cannot be compressed") }
    precondition(Gzip.expanded(packed, atMost: input.count) == input, "gzip is no round trip")
    let cut = input.isEmpty ? nil : Gzip.expanded(packed, atMost: input.count - 1)
    precondition(cut == nil, "the limit does not limit")
    let unpacked = Sitemap(packed)
    if !input.starts(with: [0x1F, 0x8B]) { precondition(unpacked.pages == map.pages, "packed it is another") }
    guard let text = String(validating: input, as: UTF8.self), let url = CrawlURL("http://h/\(text)") else { return }
    let escaped = url.text.replacing("&", with: "&amp;").replacing("'", with: "&apos;")
    let one = Sitemap(Array("<urlset><url><loc> \(escaped)\n</loc></url></urlset>".utf8))
    precondition(one.pages == [url.text], "\(url) is \(one.pages)")
}
