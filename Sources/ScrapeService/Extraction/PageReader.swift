/// Reads what a page says of itself, and where it leads.
struct PageReader {
    /// What relative URLs are resolved by; nil if the page's own URL is none.
    private(set) var base: WebAddress?
    private let limits: ExtractionLimits
    private let sourceOffset: Int
    private var links: [PageLink] = []
    private var indexes: [String: Int] = [:]
    private var isCut = false

    init(limits: ExtractionLimits, sourceOffset: Int, pageURL: String) {
        self.limits = limits
        self.sourceOffset = sourceOffset
        base = WebAddress(pageURL, maximumBytes: limits.urlBytes)
    }

    mutating func read(_ document: borrowing Document, into page: inout ExtractedPage) {
        // The base holds for what stands before it, too: so elements first, then their URLs.
        var found: [NodeID] = []
        var hasBase = false
        for node in 1..<NodeID(max(document.count, 1)) where document.isHTML(node) {
            switch document.nodeNames[node].number {
            case KnownName.a.rawValue, KnownName.area.rawValue, KnownName.link.rawValue, KnownName.frame.rawValue,
                KnownName.iframe.rawValue:
                found.append(node)
            case KnownName.base.rawValue where !hasBase:
                guard let href = document.attribute(node, .href) else { continue }
                hasBase = true
                if let address = address(href, document), address.isWeb { base = address }
            case KnownName.meta.rawValue: readMeta(node, document, &page.metadata)
            case KnownName.title.rawValue where page.metadata.title == nil:
                let text = ElementText.whole(node, document, limit: limits.valueBytes)
                page.metadata.title = String(decoding: text.bytes, as: UTF8.self)
            default: break
            }
        }
        page.metadata.baseURL = base?.description ?? ""
        let root = document.root
        if root != noNode, let language = document.attribute(root, .lang), !language.isEmpty {
            page.metadata.language = document.text.string(language)
        }
        if let refresh = refreshTarget { page.metadata.refresh = resolved(refresh) }
        for node in found {
            guard links.count < limits.links else {
                isCut = true
                break
            }
            readLink(node, document, &page.metadata)
        }
        page.links = links
        if isCut { page.truncations.insert(.links) }
    }

    private func address(_ range: ByteRange, _ document: borrowing Document) -> WebAddress? {
        guard Int(range.length) <= limits.urlBytes else { return nil }
        return WebAddress(
            bytes: (range.lower..<range.upper).map { document.text[$0] }, base: base, maximumBytes: limits.urlBytes)
    }

    // MARK: Links

    private mutating func readLink(_ node: NodeID, _ document: borrowing Document, _ metadata: inout PageMetadata) {
        let element: PageLink.Element
        var attribute = KnownName.href
        let rel = document.attribute(node, .rel)
        switch document.nodeNames[node].number {
        case KnownName.a.rawValue: element = .anchor
        case KnownName.area.rawValue: element = .area
        case KnownName.link.rawValue:
            guard let rel else { return }
            if metadata.canonicalURL == nil, hasToken(rel, ["canonical"], document) {
                metadata.canonicalURL = document.attribute(node, .href).flatMap { address($0, document) }?.description
            }
            guard hasToken(rel, ["next", "prev", "alternate"], document), !hasToken(rel, ["stylesheet"], document)
            else { return }
            element = .link
        default:
            element = .frame
            attribute = .src
        }
        guard let href = document.attribute(node, attribute), !href.isEmpty else { return }
        // A place on this page.
        if document.text[href.lower] == UInt8(ascii: "#") { return }
        guard let address = address(href, document), address.isHTTP else { return }
        let isNoFollow = rel.map { hasToken($0, ["nofollow", "ugc", "sponsored"], document) } ?? false
        let url = address.withoutFragment
        if let known = indexes[url] {
            if !isNoFollow { links[known].isNoFollow = false }
            return
        }
        indexes[url] = links.count
        let source = document.sources[node]
        links.append(
            PageLink(
                url: url, element: element, isNoFollow: isNoFollow,
                rel: rel.map { document.text.string($0) } ?? "",
                source: SourceRange(offset: source.lower + sourceOffset, length: Int(source.length))))
    }

    private func hasToken(_ range: ByteRange, _ words: [String], _ document: borrowing Document) -> Bool {
        var tokens = TokenIterator(range)
        while let token = tokens.next(document.text) {
            for word in words where document.text.equalsIgnoringCase(token, Array(word.utf8)) { return true }
        }
        return false
    }

    // MARK: meta

    /// The first `meta http-equiv=refresh`: its delay and URL as written.
    private var refreshTarget: (delay: Int, url: String?)?

    private mutating func readMeta(_ node: NodeID, _ document: borrowing Document, _ metadata: inout PageMetadata) {
        guard let content = document.attribute(node, .content) else { return }
        if let name = document.attribute(node, .name), document.text.equalsIgnoringCase(name, Array("robots".utf8)) {
            for word in document.text.string(content).lowercased().split(whereSeparator: {
                $0 == "," || $0.isWhitespace
            }) {
                switch word {
                case "noindex": metadata.robots.insert(.noIndex)
                case "nofollow": metadata.robots.insert(.noFollow)
                case "none": metadata.robots.formUnion([.noIndex, .noFollow])
                default: break
                }
            }
        }
        if refreshTarget == nil, let pragma = document.attribute(node, .httpEquiv),
            document.text.equalsIgnoringCase(pragma, Array("refresh".utf8))
        {
            refreshTarget = Self.refresh(document.text.string(content))
        }
    }

    private func resolved(_ refresh: (delay: Int, url: String?)) -> PageRefresh? {
        guard let text = refresh.url else { return PageRefresh(delay: refresh.delay, url: nil) }
        guard let address = WebAddress(text, base: base, maximumBytes: limits.urlBytes) else { return nil }
        return PageRefresh(delay: refresh.delay, url: address.description)
    }

    /// HTML standard, section 4.2.5.3: `5; url=next.html`.
    private static func refresh(_ content: String) -> (delay: Int, url: String?)? {
        var rest = content.drop(while: \.isWhitespace)
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty || rest.first == ".", digits.count <= 9 else { return nil }
        let delay = Int(digits) ?? 0
        rest = rest[digits.endIndex...].drop { ($0.isASCII && $0.isNumber) || $0 == "." }
        guard let separator = rest.first else { return (delay, nil) }
        guard separator == ";" || separator == "," || separator.isWhitespace else { return nil }
        rest = rest.drop(while: \.isWhitespace)
        if rest.first == ";" || rest.first == "," { rest.removeFirst() }
        rest = rest.drop(while: \.isWhitespace)
        if rest.isEmpty { return (delay, nil) }
        if rest.prefix(3).lowercased() == "url" {
            let after = rest.dropFirst(3).drop(while: \.isWhitespace)
            if after.first == "=" { rest = after.dropFirst().drop(while: \.isWhitespace) }
        }
        if let quote = rest.first, quote == "\"" || quote == "'" {
            rest.removeFirst()
            rest = rest.prefix { $0 != quote }
        }
        return (delay, String(rest))
    }
}
