/// What a page says of itself.
package struct PageMetadata: Sendable, Hashable {
    package var title: String?
    /// `link rel=canonical`, resolved.
    package var canonicalURL: String?
    /// What relative URLs are resolved by: `base href`, else the page's URL.
    package var baseURL = ""
    /// Directives of `meta name=robots`.
    package var robots: RobotsDirectives = []
    package var refresh: PageRefresh?
    /// The `lang` of the root element.
    package var language: String?
    /// The name of the page's encoding by the Encoding Standard, in lower case.
    package var charset = "utf-8"
    package var charsetSource = CharsetSource.fallback
    /// Parts of the body that are no text in its encoding; each became U+FFFD.
    package var replacements = 0
    /// If source ranges count bytes of the body. Else they count those of the decoded text in UTF-8.
    package var sourceIsBody = true

    package init() {}
}

/// Where the page's encoding was declared.
package enum CharsetSource: String, Sendable, Hashable, CaseIterable {
    case byteOrderMark
    case contentType
    case meta
    /// Declared nowhere: UTF-8 where the body is that, else windows-1252.
    case fallback
}

/// Directives of `meta name=robots` that concern a crawler.
package struct RobotsDirectives: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let noIndex = RobotsDirectives(rawValue: 1)
    package static let noFollow = RobotsDirectives(rawValue: 2)
}

/// `meta http-equiv=refresh`: another page that this one gives way to.
package struct PageRefresh: Sendable, Hashable {
    /// Seconds until then.
    package var delay: Int
    /// Resolved; nil reloads the page itself.
    package var url: String?

    package init(delay: Int, url: String?) {
        self.delay = delay
        self.url = url
    }
}

/// A URL that the page leads to.
package struct PageLink: Sendable, Hashable {
    package enum Element: String, Sendable, Hashable, CaseIterable {
        case anchor
        case area
        /// `link` with rel next, prev or alternate.
        case link
        case frame
    }

    /// Absolute, http or https, resolved, without fragment.
    package var url: String
    /// The first element that names it.
    package var element: Element
    /// If every element that names it says `rel=nofollow` (also `sponsored` and `ugc`, which hint the same).
    package var isNoFollow: Bool
    /// The first element's `rel`, as it stands; empty without one.
    package var rel: String
    package var source: SourceRange

    package init(url: String, element: Element, isNoFollow: Bool, rel: String, source: SourceRange) {
        self.url = url
        self.element = element
        self.isNoFollow = isNoFollow
        self.rel = rel
        self.source = source
    }
}

/// Bounds of `ExtractionLimits` that a page reached.
package struct PageTruncations: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let pageBytes = PageTruncations(rawValue: 1 << 0)
    package static let depth = PageTruncations(rawValue: 1 << 1)
    package static let nodes = PageTruncations(rawValue: 1 << 2)
    package static let attributes = PageTruncations(rawValue: 1 << 3)
    package static let names = PageTruncations(rawValue: 1 << 4)
    package static let decodedBytes = PageTruncations(rawValue: 1 << 5)
    package static let steps = PageTruncations(rawValue: 1 << 6)
    package static let records = PageTruncations(rawValue: 1 << 7)
    package static let values = PageTruncations(rawValue: 1 << 8)
    package static let valueBytes = PageTruncations(rawValue: 1 << 9)
    package static let links = PageTruncations(rawValue: 1 << 10)

    /// The bounds' names, as in `ExtractionLimits`.
    package var names: [String] {
        let all = [
            "pageBytes", "depth", "nodes", "attributes", "names", "decodedBytes", "steps", "records",
            "values", "valueBytes", "links",
        ]
        return all.indices.filter { rawValue & (1 << UInt32($0)) != 0 }.map { all[$0] }
    }
}
