/// How metrics are written for a scraper.
public enum ExpositionFormat: Sendable, Hashable, CaseIterable {
    /// Prometheus's text format 0.0.4.
    case text
    /// OpenMetrics 1.0.
    case openMetrics

    /// The `content-type` of the answer.
    public var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// What a scraper gets that sends this `accept` field (RFC 9110, section 12.5.1): OpenMetrics if it asks for it at
    /// least as much as for text, and text otherwise, also where it would take neither.
    public init(accept: String?) {
        var openMetrics = 0.0
        var text = 0.0
        for range in (accept ?? "").utf8.prefix(Self.maxAcceptLength).split(separator: UInt8(ascii: ",")) {
            let parts = range.split(separator: UInt8(ascii: ";")).map(Self.trimmed)
            guard let type = parts.first else { continue }
            let weight = Self.weight(parts.dropFirst())
            switch type {
            case "application/openmetrics-text" where Self.isKnownVersion(parts.dropFirst()):
                openMetrics = max(openMetrics, weight)
            case "text/plain": text = max(text, weight)
            default: break
            }
        }
        self = openMetrics > 0 && openMetrics >= text ? .openMetrics : .text
    }

    /// Bytes of an `accept` field that are looked at.
    private static let maxAcceptLength = 4096

    private static func trimmed(_ part: Substring.UTF8View) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var part = part.drop(while: isSpace)
        while let last = part.last, isSpace(last) { part.removeLast() }
        return String(Substring(part)).lowercased()
    }

    private static func weight(_ parameters: ArraySlice<String>) -> Double {
        guard let text = parameters.first(where: { $0.hasPrefix("q=") })?.dropFirst(2) else { return 1 }
        guard let weight = Double(text), (0...1).contains(weight) else { return 0 }
        return weight
    }

    /// A scraper names each version that it reads.
    private static func isKnownVersion(_ parameters: ArraySlice<String>) -> Bool {
        guard let version = parameters.first(where: { $0.hasPrefix("version=") })?.dropFirst(8) else { return true }
        return version == "1.0.0" || version == "0.0.1"
    }
}
