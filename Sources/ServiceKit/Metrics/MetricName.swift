/// What a metric counts as for Prometheus.
enum MetricKind: String, Sendable {
    case counter
    case gauge
    case histogram
}

/// A metric's name by Prometheus's conventions: base units, `_total` for counters, nothing but letters, digits, `_`, `:`.
struct MetricName: Sendable, Hashable {
    /// Without `_total`: what OpenMetrics calls the family.
    let base: String
    let kind: MetricKind

    /// - Parameter isTime: Whether it is a timer's, which is kept in seconds.
    /// - Returns: nil if the label is empty or too long.
    init?(_ label: String, _ kind: MetricKind, isTime: Bool = false, maxLength: Int) {
        guard !label.isEmpty, label.utf8.count <= maxLength else { return nil }
        var name = Self.sanitized(label, allowsColon: true)
        if kind == .counter, name.hasSuffix("_total"), name.utf8.count > 6 { name.removeLast(6) }
        if isTime, !name.hasSuffix("_seconds") { name += "_seconds" }
        base = name
        self.kind = kind
    }

    /// As it stands in `# TYPE` of the text format, and in front of a counter's and a gauge's values.
    var full: String { kind == .counter ? base + "_total" : base }

    /// Every name under which values appear: no other metric may use one of them.
    var samples: [String] {
        switch kind {
        case .counter: [base, base + "_total", base + "_created"]
        case .gauge: [base]
        case .histogram: [base, base + "_bucket", base + "_sum", base + "_count", base + "_created"]
        }
    }

    /// A name of which each byte that Prometheus does not allow is an underscore.
    static func sanitized(_ text: String, allowsColon: Bool) -> String {
        var bytes = text.utf8.map { byte in
            isNameByte(byte) || (allowsColon && byte == UInt8(ascii: ":")) ? byte : UInt8(ascii: "_")
        }
        if let first = bytes.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) {
            bytes.insert(UInt8(ascii: "_"), at: 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
