/// The labels of one series, sorted by name and escaped, as they are scraped: `code="OK",method="Get"`.
struct LabelSet: Sendable, Hashable {
    let text: String

    static let empty = LabelSet(text: "")

    private init(text: String) { self.text = text }

    /// - Parameter reserved: A label's name that the metric itself uses: `le` of histograms.
    /// - Throws: Why the labels are refused.
    init(
        _ dimensions: [(String, String)], reserved: String? = nil, limits: MetricsConfiguration
    ) throws(SeriesRefusal) {
        guard !dimensions.isEmpty else {
            self = .empty
            return
        }
        guard dimensions.count <= limits.maxLabels else { throw .labelCount }
        var labels: [(name: String, value: String)] = []
        labels.reserveCapacity(dimensions.count)
        for (label, value) in dimensions {
            guard !label.isEmpty, label.utf8.count <= limits.maxNameLength else { throw .labelName }
            let name = MetricName.sanitized(label, allowsColon: false)
            // Names with two underscores in front are Prometheus's own.
            guard name != reserved, !name.hasPrefix("__") else { throw .labelName }
            guard value.utf8.count <= limits.maxLabelLength else { throw .labelLength }
            labels.append((name, value))
        }
        labels.sort { $0.name < $1.name }
        for index in labels.indices.dropFirst() where labels[index].name == labels[index - 1].name {
            throw .labelName
        }
        text = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }.joined(separator: ",")
    }

    /// A label's value or a HELP text with what would end it escaped.
    static func escaped(_ text: String, quotes: Bool) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
            case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case UInt8(ascii: "\"") where quotes: bytes += [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Why a series is not kept; the label `reason` of `datavault_metrics_refused_total`.
enum SeriesRefusal: String, Error, CaseIterable {
    /// More metrics than `maxMetrics`.
    case metrics
    /// More label sets than `maxSeriesPerMetric`.
    case series
    /// A metric's name is empty or too long.
    case name
    /// A name is in use for a metric of another kind.
    case kind
    /// A label's name is empty, too long, reserved or used twice.
    case labelName = "label_name"
    /// A label's value is over `maxLabelLength`.
    case labelLength = "label_length"
    /// More labels than `maxLabels`.
    case labelCount = "label_count"
}
