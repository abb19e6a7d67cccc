/// Writes metrics as a scraper reads them, up to a size.
struct ExpositionWriter {
    private(set) var bytes: [UInt8]
    private let format: ExpositionFormat
    private let limit: Int

    /// - Parameter bytes: What the exposition is appended to.
    init(appendingTo bytes: [UInt8], format: ExpositionFormat, limit: Int) {
        self.bytes = bytes
        self.format = format
        self.limit = bytes.count + limit - Self.end.utf8.count
    }

    private static let end = "# EOF\n"

    /// Writes a metric; false, and nothing of it, if there is no room for it.
    mutating func write(_ family: MetricFamily) -> Bool {
        let start = bytes.count
        writeHead(family)
        let isHistogram = family.name.kind == .histogram
        let name = Array((isHistogram ? family.name.base : family.name.full).utf8)
        let bounds = isHistogram ? family.buckets.map { Self.text($0) } + ["+Inf"] : []
        for index in family.series.indices {
            write(family.series[index], name, bounds)
            guard bytes.count <= limit else {
                bytes.removeSubrange(start...)
                return false
            }
        }
        return true
    }

    mutating func finish() {
        if format == .openMetrics { append(Self.end) }
    }

    private mutating func writeHead(_ family: MetricFamily) {
        let name = format == .openMetrics ? family.name.base : family.name.full
        if let help = family.help {
            append("# HELP \(name) \(LabelSet.escaped(help, quotes: format == .openMetrics))\n")
        }
        append("# TYPE \(name) \(family.name.kind.rawValue)\n")
        if format == .openMetrics, let unit = family.unit?.name, family.name.base.hasSuffix("_" + unit) {
            append("# UNIT \(name) \(unit)\n")
        }
    }

    private mutating func write(_ series: MetricFamily.Series, _ name: [UInt8], _ bounds: [String]) {
        let labels = series.labels.text
        switch series.cell {
        case .counter(let cell):
            begin(name, "", labels)
            append(cell.current)
        case .floatingCounter(let cell):
            begin(name, "", labels)
            append(Self.text(cell.current))
        case .gauge(let cell):
            begin(name, "", labels)
            append(Self.text(cell.current))
        case .times(let cell):
            let (nanoseconds, spilled) = cell.total
            writeBuckets(cell.counts, name, labels, bounds)
            begin(name, "_sum", labels)
            if spilled == 0 {
                appendSeconds(nanoseconds)
            } else {
                append(Self.text(spilled + Double(nanoseconds) / 1e9))
            }
        case .values(let cell):
            let total = cell.total
            writeBuckets(cell.counts, name, labels, bounds)
            begin(name, "_sum", labels)
            append(Self.text(total))
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Cumulative counts, and the count of all, which is that of the last bucket.
    private mutating func writeBuckets(
        _ counts: borrowing BucketCounts, _ name: [UInt8], _ labels: String, _ bounds: [String]
    ) {
        var total: Int64 = 0
        for index in 0..<counts.count {
            total &+= counts[index]
            bytes += name
            append(labels.isEmpty ? "_bucket{le=\"" : "_bucket{")
            if !labels.isEmpty {
                append(labels)
                append(",le=\"")
            }
            append(bounds[index])
            append("\"} ")
            append(total)
            bytes.append(UInt8(ascii: "\n"))
        }
        begin(name, "_count", labels)
        append(total)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// `name_suffix{labels} `
    private mutating func begin(_ name: [UInt8], _ suffix: String, _ labels: String) {
        bytes += name
        append(suffix)
        if !labels.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            append(labels)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// A number that is not negative.
    private mutating func append(_ value: Int64) {
        let start = bytes.count
        var rest = value.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// Nanoseconds as seconds, exactly.
    private mutating func appendSeconds(_ nanoseconds: Int64) {
        append(nanoseconds / 1_000_000_000)
        var rest = nanoseconds % 1_000_000_000
        guard rest > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var unit: Int64 = 100_000_000
        while rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(rest / unit))
            rest %= unit
            unit /= 10
        }
    }

    /// The shortest text that is read as the same number.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value.description
    }
}
