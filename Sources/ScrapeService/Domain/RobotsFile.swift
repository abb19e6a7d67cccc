/// What a host's robots.txt asks for, of one crawler (RFC 9309).
struct RobotsFile: Sendable, Hashable {
    private(set) var rules = RobotsRules()
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
        rules.finish()
        crawlDelay = found.crawlDelay
        sitemaps = reader.sitemaps
    }

    /// About how many bytes it holds.
    var weight: Int { rules.weight + sitemaps.reduce(0) { $0 + $1.utf8.count + MemoryLayout<String>.stride } }

    /// Whether a path with its query may be asked for: what the longest rule says that matches, and of two as long the one
    /// that allows (RFC 9309, 2.2.2). What no rule matches is allowed.
    ///
    /// - Returns: Nil if the budget is used up before that is known: then it must not be asked for.
    func allows(_ target: String, spending budget: inout MatchBudget) -> Bool? {
        // The file itself is always allowed (RFC 9309, 2.2.2).
        if target == "/robots.txt" { return true }
        if budget.isUsedUp { return nil }
        return rules.allows(Self.normalized(Array(target.utf8)[...]), spending: &budget)
    }

    /// The same of one URL, with its own budget.
    func allows(_ target: String) -> Bool {
        var budget = MatchBudget(steps: MatchBudget.url)
        return allows(target, spending: &budget) ?? false
    }

    /// Why a link is left out whose page's budget was used up.
    static let undecided =
        "matching robots.txt takes more work than it may: what it says is not known, which forbids it"

    /// Why a path that is not allowed is not.
    func refusal(of target: String) -> String {
        var budget = MatchBudget(steps: MatchBudget.url)
        return allows(target, spending: &budget) == nil ? Self.undecided : "robots.txt forbids it"
    }

    /// What the lines of a group ask for.
    private struct Group {
        var rules = RobotsRules()
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
            let pattern = RobotsFile.normalized(value)
            if isOwn, own.rules.count < RobotsFile.maximumRules { own.rules.add(pattern, isAllowed: isAllowed) }
            if isGeneral, general.rules.count < RobotsFile.maximumRules {
                general.rules.add(pattern, isAllowed: isAllowed)
            }
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
}
