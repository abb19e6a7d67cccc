/// What `X-Robots-Tag` asks of crawlers.
struct RobotsTags: Sendable, Hashable {
    var isNoIndex = false
    var isNoFollow = false

    /// - Parameters:
    ///   - values: The header's values.
    ///   - agent: The crawler's product token: directives may be addressed to it, as `token: noindex`.
    init(_ values: [String], agent: String) {
        for value in values {
            // A name before a colon addresses all directives behind it, unless it is a directive with a value itself.
            var isForUs = true
            for part in value.split(separator: ",") {
                var text = part.trimmed.lowercased()
                if let colon = text.firstIndex(of: ":") {
                    let name = String(text[..<colon]).trimmed
                    if Self.valued.contains(name) { continue }
                    isForUs = name == agent.lowercased() || name == "*"
                    text = String(text[text.index(after: colon)...]).trimmed
                }
                guard isForUs else { continue }
                switch text {
                case "noindex": isNoIndex = true
                case "nofollow": isNoFollow = true
                case "none": (isNoIndex, isNoFollow) = (true, true)
                default: break
                }
            }
        }
    }

    private static let valued: Set<String> = [
        "unavailable_after", "max-snippet", "max-image-preview", "max-video-preview",
    ]
}

extension StringProtocol {
    /// Without blanks at its ends.
    var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return String(rest)
    }
}
