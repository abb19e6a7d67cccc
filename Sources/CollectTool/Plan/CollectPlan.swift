/// What is to be collected, from where, and into which file.
public struct CollectPlan: Sendable {
    /// How records are written.
    public enum Format: String, Sendable, CaseIterable {
        case csv, ndjson

        /// As the contract names it.
        var contractName: String { "FILE_FORMAT_\(rawValue.uppercased())" }

        /// By a file's name: CSV unless it ends in `.ndjson` or `.jsonl`.
        public init(path: String) {
            self = path.hasSuffix(".ndjson") || path.hasSuffix(".jsonl") ? .ndjson : .csv
        }
    }

    /// Where to begin.
    public var url: String
    /// What a record holds, in the file's order.
    public var fields: [FieldSpecification]
    /// Each element that it finds gives a record; nil: each page gives one.
    public var rowSelector: String?
    /// RE2 expressions for paths of pages that belong to it; empty: those in the folder of `url`.
    public var include: [String] = []
    /// RE2 expressions for paths of pages that do not.
    public var exclude: [String] = []
    /// Whether links are followed.
    public var followsLinks = true
    /// Whether the pages of the site's sitemaps are taken, too.
    public var usesSiteMaps = false
    /// Pages at most.
    public var limit: Int64 = 1_000
    /// Links from `url` at most; nil: as the service says.
    public var depth: Int?
    /// Seconds between two requests to a host; nil: as the service and the site's robots.txt say.
    public var delay: Double?
    /// Columns of the file; nil: the fields, and `_url`.
    public var columns: [String]?
    /// What scraper, pipeline and dataset are called; nil: by the host.
    public var name: String?
    /// Where records go.
    public var output: String
    /// How they are written.
    public var format: Format
    /// Where the log's proof goes.
    public var proof: String
    /// Where the report goes.
    public var report: String

    /// Plans with the usual places for report and proof: beside the output.
    public init(url: String, fields: [FieldSpecification], output: String) {
        (self.url, self.fields, self.output) = (url, fields, output)
        format = Format(path: output)
        let stem = Self.stem(output)
        (proof, report) = ("\(stem).proof.ndjson", "\(stem).report.json")
    }

    /// A path without its extension.
    static func stem(_ path: String) -> String {
        let name = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        guard let dot = path[name...].lastIndex(of: "."), dot > name else { return path }
        return String(path[..<dot])
    }

    /// What scraper, pipeline and dataset are called.
    var displayName: String { String((name ?? "collect \(Self.authority(url))").prefix(120)) }

    /// The file's columns.
    var exportedColumns: [String] {
        columns ?? fields.flatMap { $0.kind == .money && !$0.isList ? [$0.name, "\($0.name)_currency"] : [$0.name] }
            + ["_url"]
    }

    /// Columns that say where a row comes from.
    static let sourceColumns = ["_url", "_fetch_time", "_content_hash"]

    /// The first column of the file that no record will have; nil: all are known.
    public var unknownColumn: String? {
        let known = Set(
            fields.flatMap { $0.kind == .money && !$0.isList ? [$0.name, "\($0.name)_currency"] : [$0.name] }
                + Self.sourceColumns)
        return columns?.first { !known.contains($0) }
    }

    static func authority(_ url: String) -> String {
        guard let range = url.firstRange(of: "://") else { return url }
        return String(url[range.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" })
    }

    /// The folder of a URL's path as an expression; nil where that is the whole site.
    static func folder(_ url: String) -> String? {
        guard let range = url.firstRange(of: "://") else { return nil }
        let rest = url[range.upperBound...].drop { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest.prefix { $0 != "?" && $0 != "#" }
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return nil }
        let escaped = path[...slash].map { ".+*?()[]{}|^$\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
        return "^" + escaped
    }

    // MARK: As the contract has it

    /// The body of `POST /api/v1/scrapers`.
    var scraper: JSONValue {
        var scope: [String: JSONValue] = ["followLinks": .bool(followsLinks), "useSitemaps": .bool(usesSiteMaps)]
        let including = include.isEmpty ? Self.folder(url).map { [$0] } ?? [] : include
        if !including.isEmpty { scope["includePaths"] = .list(including.map(JSONValue.text)) }
        if !exclude.isEmpty { scope["excludePaths"] = .list(exclude.map(JSONValue.text)) }
        var extraction: [String: JSONValue] = ["fields": .list(fields.map(Self.field))]
        if let rowSelector { extraction["recordSelector"] = .text(rowSelector) }
        var limits: [String: JSONValue] = ["pages": .number(Double(limit))]
        if let depth { limits["depth"] = .number(Double(depth)) }
        var scraper: [String: JSONValue] = [
            "displayName": .text(displayName), "startUrls": [.text(url)], "scope": .object(scope),
            "extraction": .object(extraction), "limits": .object(limits),
        ]
        if let delay { scraper["politeness"] = ["delay": .text("\(Self.seconds(delay))s")] }
        return .object(scraper)
    }

    private static func field(_ field: FieldSpecification) -> JSONValue {
        var json: [String: JSONValue] = [
            "name": .text(field.name), "selector": .text(field.selector), "type": .text(field.kind.contractName),
        ]
        if field.isList { json["list"] = true }
        if field.isRequired { json["required"] = true }
        if let attribute = field.attribute { json["attribute"] = .text(attribute) }
        return .object(json)
    }

    private static func seconds(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// The body of `POST /api/v1/pipelines`: what has to be there, is checked again on the way into the dataset.
    func pipeline(job: String) -> JSONValue {
        let rules = fields.filter(\.isRequired).map { field -> JSONValue in
            ["rule": ["name": .text("\(field.name) is there"), "expression": .text(Self.presence(of: field))]]
        }
        return [
            "displayName": .text(displayName), "input": ["scrapeJob": .text(job)], "steps": .list(rules),
            "output": ["newDataset": ["displayName": .text(displayName)]],
        ]
    }

    /// An expression that is true only where a field has a value.
    private static func presence(of field: FieldSpecification) -> String {
        let isThere = "\(field.name) != null"
        if field.isList { return "\(isThere) && size(\(field.name)) > 0" }
        switch field.kind {
        case .text, .url: return "\(isThere) && \(field.name) != \"\""
        case .integer, .decimal, .boolean, .date, .time, .money: return isThere
        }
    }
}
