/// A URL, parsed and written out by the URL standard (url.spec.whatwg.org), as browsers read those in pages.
///
/// Two departures: a query is always encoded as UTF-8, and what follows the scheme of a URL that is not of the web
/// (`mailto:`, `tel:`) stays as it is.
package struct WebAddress: Sendable, Hashable, CustomStringConvertible {
    /// The whole, in ASCII.
    package let bytes: [UInt8]
    /// Where the scheme's `:` stands.
    let schemeEnd: Int
    /// Where the path begins.
    let pathStart: Int
    /// Where the query's `?` stands, or where it would.
    let queryStart: Int
    /// Where the fragment's `#` stands, or where it would.
    let fragmentStart: Int
    /// If the scheme is one of the web, which has hosts and paths.
    package let isWeb: Bool

    /// Parses a URL, a relative one by its base. Nil if the standard calls it a failure, or if it is longer than allowed.
    package init?(_ text: String, base: WebAddress? = nil, maximumBytes: Int = 8_192) {
        self.init(bytes: Array(text.utf8), base: base, maximumBytes: maximumBytes)
    }

    init?(bytes: [UInt8], base: WebAddress? = nil, maximumBytes: Int = 8_192) {
        guard bytes.count <= maximumBytes * 2 else { return nil }
        var parser = WebAddressParser(bytes, base)
        guard let parsed = parser.parse(), parsed.bytes.count <= maximumBytes else { return nil }
        self = parsed
    }

    init(bytes: [UInt8], schemeEnd: Int, pathStart: Int, queryStart: Int, fragmentStart: Int, isWeb: Bool) {
        self.bytes = bytes
        self.schemeEnd = schemeEnd
        self.pathStart = pathStart
        self.queryStart = queryStart
        self.fragmentStart = fragmentStart
        self.isWeb = isWeb
    }

    package var description: String { String(decoding: bytes, as: UTF8.self) }

    package var withoutFragment: String { String(decoding: bytes[..<fragmentStart], as: UTF8.self) }

    package var scheme: String { String(decoding: bytes[..<schemeEnd], as: UTF8.self) }

    /// If the scheme is http or https.
    package var isHTTP: Bool {
        isWeb && bytes.starts(with: [0x68, 0x74, 0x74, 0x70]) && (schemeEnd == 4 || schemeEnd == 5)
    }

    /// Path and query, as a request names them.
    package var target: String { String(decoding: bytes[pathStart..<fragmentStart], as: UTF8.self) }
}
