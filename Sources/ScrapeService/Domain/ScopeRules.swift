/// Which URLs belong to a crawl.
struct ScopeRules: Sendable {
    /// A host that belongs to it.
    private struct HostRule: Sendable, Hashable {
        /// In lower case, without `*.`.
        let name: String
        /// With all names below it.
        let isWild: Bool
        /// Nil: the ports of http and https.
        let port: String?

        init(_ text: String) {
            var text = text.lowercased()
            isWild = text.hasPrefix("*.")
            if isWild { text.removeFirst(2) }
            let tail = text.lastIndex(of: "]") ?? text.startIndex
            if let colon = text[tail...].lastIndex(of: ":") {
                port = String(text[text.index(after: colon)...])
                text = String(text[..<colon])
            } else {
                port = nil
            }
            if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
            name = text
        }

        func matches(_ url: CrawlURL) -> Bool {
            let hostName = url.hostName
            guard hostName == name || (isWild && hostName.hasSuffix("." + name)) else { return false }
            // A URL names its port only where it is not the scheme's own.
            let host = url.host
            let tail = host.lastIndex(of: "]") ?? host.startIndex
            let named = host[tail...].lastIndex(of: ":").map { String(host[host.index(after: $0)...]) }
            guard let port else { return named == nil }
            return named == port || (named == nil && port == (url.isSecure ? "443" : "80"))
        }
    }

    private let exact: Set<String>
    private let hosts: [HostRule]
    private let included: [PathPattern]
    private let excluded: [PathPattern]

    /// - Parameters:
    ///   - hosts: As in the contract's `Scope`; none: those of the start URLs.
    ///   - included, excluded: Of one, and of none, something has to be found in path and query.
    init(hosts: [String], included: [PathPattern], excluded: [PathPattern], starts: [CrawlURL]) {
        exact = hosts.isEmpty ? Set(starts.map(\.host)) : []
        self.hosts = hosts.map(HostRule.init)
        (self.included, self.excluded) = (included, excluded)
    }

    /// Why a URL does not belong to the crawl; nil if it does.
    func problem(with url: CrawlURL) -> Problem? {
        if let problem = hostProblem(with: url) { return problem }
        if included.isEmpty, excluded.isEmpty { return nil }
        let target = url.target
        if !included.isEmpty, !included.contains(where: { $0.isFound(in: target) }) { return .pathExcluded }
        return excluded.contains { $0.isFound(in: target) } ? .pathExcluded : nil
    }

    /// The same of its host alone.
    func hostProblem(with url: CrawlURL) -> Problem? {
        exact.contains(url.host) || hosts.contains { $0.matches(url) } ? nil : .outOfScope
    }
}

/// What tells a trap from a site: shapes of URLs that no page of people has.
struct TrapRules: Sendable, Hashable {
    /// Bytes of a URL.
    var urlBytes = 2_048
    /// Segments of a path.
    var segments = 40
    /// How often one segment stands in a path, if it is not a number.
    var repetitions = 3
    /// Parameters of a query.
    var parameters = 40

    func isTrap(_ url: CrawlURL) -> Bool {
        guard url.text.utf8.count <= urlBytes else { return true }
        let path = url.path.utf8.split(separator: UInt8(ascii: "/"))
        guard path.count <= segments else { return true }
        if path.count > repetitions {
            var counts: [Substring: Int] = [:]
            for segment in path where !segment.allSatisfy({ $0 &- 0x30 < 10 }) {
                counts[Substring(segment), default: 0] += 1
                if counts[Substring(segment), default: 0] > repetitions { return true }
            }
        }
        guard let query = url.query else { return false }
        return query.utf8.count { $0 == UInt8(ascii: "&") } >= parameters
    }
}
