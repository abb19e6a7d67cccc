/// What a host's robots.txt asks for, of one crawler (RFC 9309).
struct RobotsFile: Sendable, Hashable {
    /// A line that allows or forbids.
    struct Rule: Sendable, Hashable {
        let isAllowed: Bool
        /// Normalized; `*` and a last `$` have their meaning.
        let pattern: [UInt8]
    }

    private(set) var rules: [Rule] = []
    /// Seconds between two requests; nil if it does not say. Not of the RFC, and widely asked for.
    private(set) var crawlDelay: Double?
    private(set) var sitemaps: [String] = []

    /// Bytes that are read; the rest is as if it were not there (RFC 9309, 2.5).
    static let maximumBytes = 500 << 10
    private static let maximumRules = 10_000
    private static let maximumSitemaps = 100
    private static let maximumDelay = 3_600.0

    /// A file that asks for nothing.
    init() {}

    /// Reads a file.
    ///
    /// - Parameter agent: The crawler's product token, compared without case.
    init(_ bytes: [UInt8], agent: String) {
        var reader = Reader(agent: Array(agent.lowercased().utf8))
        var text = bytes.prefix(Self.maximumBytes)
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        for line in text.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) { reader.read(line) }
        let found = reader.hasOwn ? reader.own : reader.general
        rules = found.rules
        crawlDelay = found.crawlDelay
        sitemaps = reader.sitemaps
    }

    /// What is said of a path with its query: the longest rule that matches, and of two as long the one that allows
    /// (RFC 9309, 2.2.2). Nil if none matches, which allows it.
    func rule(for target: String) -> Rule? {
        let path = Self.normalized(Array(target.utf8)[...])
        var best: Rule?
        for rule in rules {
            if let best {
                if rule.pattern.count < best.pattern.count { continue }
                if rule.pattern.count == best.pattern.count, best.isAllowed || !rule.isAllowed { continue }
            }
            if Self.matches(rule.pattern, path) { best = rule }
        }
        return best
    }

    func allows(_ target: String) -> Bool {
        // The file itself is always allowed (RFC 9309, 2.2.2).
        target == "/robots.txt" || rule(for: target)?.isAllowed ?? true
    }

    /// What the lines of a group ask for.
    private struct Group {
        var rules: [Rule] = []
        var crawlDelay: Double?
    }

    private struct Reader {
        let agent: [UInt8]
        var own = Group()
        var general = Group()
        var hasOwn = false
        var sitemaps: [String] = []
        /// Which groups the lines at hand belong to.
        private var isOwn = false
        private var isGeneral = false
        /// Whether the line before named a crawler: then another name belongs to the same group.
        private var isNaming = false

        init(agent: [UInt8]) { self.agent = agent }

        mutating func read(_ line: ArraySlice<UInt8>) {
            let line = line.prefix { $0 != UInt8(ascii: "#") }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
            let key = String(decoding: RobotsFile.trimmed(line[..<colon]), as: UTF8.self).lowercased()
            let value = RobotsFile.trimmed(line[(colon + 1)...])
            switch key {
            case "user-agent", "useragent", "user agent": name(value)
            case "allow", "disallow": rule(isAllowed: key == "allow", value)
            case "crawl-delay", "crawldelay":
                isNaming = false
                delay(value)
            // Belongs to no group, and ends none (RFC 9309, 2.2.4).
            case "sitemap":
                if sitemaps.count < RobotsFile.maximumSitemaps {
                    sitemaps.append(String(decoding: value, as: UTF8.self))
                }
            default: break
            }
        }

        private mutating func name(_ value: ArraySlice<UInt8>) {
            if !isNaming { (isOwn, isGeneral) = (false, false) }
            isNaming = true
            if value.first == UInt8(ascii: "*") {
                isGeneral = true
                return
            }
            // A product token: what follows its characters, as a version, does not count.
            let token = value.prefix { byte in
                byte &- 0x41 < 26 || byte &- 0x61 < 26 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
            if token.map({ $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }) == agent {
                isOwn = true
                hasOwn = true
            }
        }

        private mutating func rule(isAllowed: Bool, _ value: ArraySlice<UInt8>) {
            isNaming = false
            // An empty one matches nothing.
            guard !value.isEmpty, isOwn || isGeneral else { return }
            let rule = Rule(isAllowed: isAllowed, pattern: RobotsFile.normalized(value))
            if isOwn, own.rules.count < RobotsFile.maximumRules { own.rules.append(rule) }
            if isGeneral, general.rules.count < RobotsFile.maximumRules { general.rules.append(rule) }
        }

        private mutating func delay(_ value: ArraySlice<UInt8>) {
            guard let seconds = Double(String(decoding: value, as: UTF8.self)), seconds >= 0, seconds.isFinite else {
                return
            }
            let bounded = min(seconds, RobotsFile.maximumDelay)
            if isOwn { own.crawlDelay = max(own.crawlDelay ?? 0, bounded) }
            if isGeneral { general.crawlDelay = max(general.crawlDelay ?? 0, bounded) }
        }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return bytes
    }

    /// Bytes as they are compared: beyond ASCII encoded, encodings in upper case, those of unreserved characters undone.
    private static func normalized(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        let digits = Array("0123456789ABCDEF".utf8)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.endIndex, let high = CrawlURL.digit(bytes[index + 1]),
                let low = CrawlURL.digit(bytes[index + 2])
            {
                let decoded = high << 4 | low
                if CrawlURL.isUnreserved(decoded) {
                    result.append(decoded)
                } else {
                    result += [byte, digits[Int(high)], digits[Int(low)]]
                }
                index += 3
                continue
            }
            if byte >= 0x80 || byte <= 0x20 {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                result.append(byte)
            }
            index += 1
        }
        return result
    }

    /// Whether a pattern matches the beginning of a path, or all of it if it ends in `$`.
    ///
    /// What stands between two `*` is taken where it first comes, which is enough, in time linear in pattern and path: a
    /// host's patterns may be as long as its file.
    private static func matches(_ pattern: [UInt8], _ path: [UInt8]) -> Bool {
        let star = UInt8(ascii: "*")
        let isAnchored = pattern.last == UInt8(ascii: "$")
        let parts = (isAnchored ? pattern.dropLast() : pattern[...]).split(
            separator: star, omittingEmptySubsequences: false)
        guard let first = parts.first, path.starts(with: first) else { return false }
        var rest = path[first.count...]
        guard parts.count > 1 else { return !isAnchored || rest.isEmpty }
        for part in parts.dropFirst().dropLast(isAnchored ? 1 : 0) {
            guard let end = endOfFirst(part, in: rest) else { return false }
            rest = path[end...]
        }
        guard isAnchored, let last = parts.last else { return true }
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }

    /// The index behind the first place of some bytes (Knuth, Morris and Pratt).
    private static func endOfFirst(_ wanted: ArraySlice<UInt8>, in text: ArraySlice<UInt8>) -> Int? {
        guard wanted.count <= text.count else { return nil }
        guard let head = wanted.first else { return text.startIndex }
        if wanted.count == 1 { return text.firstIndex(of: head).map { $0 + 1 } }
        let wanted = Array(wanted)
        // How much of the beginning stands at the end of each beginning.
        var borders = [Int](repeating: 0, count: wanted.count)
        var length = 0
        for index in 1..<wanted.count {
            while length > 0, wanted[index] != wanted[length] { length = borders[length - 1] }
            if wanted[index] == wanted[length] { length += 1 }
            borders[index] = length
        }
        length = 0
        for (index, byte) in zip(text.indices, text) {
            while length > 0, byte != wanted[length] { length = borders[length - 1] }
            if byte == wanted[length] { length += 1 }
            if length == wanted.count { return index + 1 }
        }
        return nil
    }
}
