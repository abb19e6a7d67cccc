import Foundation

/// A sitemap or an index of such (sitemaps.org), read without a parser of XML: only what stands in `loc` counts.
struct Sitemap {
    private(set) var pages: [String] = []
    private(set) var sitemaps: [String] = []

    /// Bytes after decoding, and URLs, as the protocol bounds them.
    static let maximumBytes = 50 << 20
    static let maximumURLs = 50_000
    /// Sitemaps below each other.
    static let maximumDepth = 3

    /// - Parameter bytes: XML, or text with one URL a line; compressed with gzip or not.
    init(_ bytes: [UInt8]) {
        let text = bytes.starts(with: [0x1F, 0x8B]) ? Gzip.expanded(bytes, atMost: Self.maximumBytes) ?? [] : bytes
        let isXML = text.prefix(1_024).contains(UInt8(ascii: "<"))
        if !isXML {
            pages = text.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).prefix(Self.maximumURLs)
                .map { String(decoding: $0, as: UTF8.self).trimmed }
            return
        }
        let isIndex = Self.find(Array("<sitemapindex".utf8), in: text, from: 0) != nil
        var found: [String] = []
        var index = 0
        while found.count < Self.maximumURLs, let open = Self.find(Array("<loc>".utf8), in: text, from: index) {
            let start = open + 5
            guard let end = Self.find(Array("</loc>".utf8), in: text, from: start) else { break }
            found.append(Self.unescaped(text[start..<end]))
            index = end + 6
        }
        if isIndex { sitemaps = found } else { pages = found }
    }

    private static func find(_ needle: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        guard let first = needle.first, text.count >= needle.count else { return nil }
        var index = start
        let last = text.count - needle.count
        while index <= last {
            if text[index] == first, text[index..<(index + needle.count)].elementsEqual(needle) { return index }
            index += 1
        }
        return nil
    }

    private static let entities = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'")]

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if text.hasPrefix("<![CDATA["), text.hasSuffix("]]>") { return String(text.dropFirst(9).dropLast(3)).trimmed }
        // The ampersand last, so that nothing is undone twice.
        for (entity, character) in entities.reversed() { text = text.replacing(entity, with: character) }
        return text
    }
}
