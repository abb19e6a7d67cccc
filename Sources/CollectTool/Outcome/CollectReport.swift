/// What was collected, what was left out and why, and what proves it.
public struct CollectReport: Sendable {
    /// How often something happened.
    public struct Count: Sendable, Equatable {
        /// As the contract names it, without what all of its enum begin with.
        public var kind: String
        public var count: Int64
        /// One of them: a page with what went wrong, a record with its place.
        public var example = ""
    }

    /// What checking the log said.
    public enum Proof: Sendable, Equatable {
        /// The entries of the work are in the log, which is whole and signed.
        case holds(entries: Int64, logSize: Int64, keys: String)
        /// Why it could not be said.
        case open(String)
    }

    public var url: String
    /// Names of what was made: `scrapers/…`, and so on.
    public var scraper = ""
    public var job = ""
    public var pipeline = ""
    public var run = ""
    public var dataset = ""
    /// Why the crawl ended: `COMPLETE`, `PAGE_LIMIT` …
    public var endReason = ""
    public var pages: Int64 = 0
    public var bytes: Int64 = 0
    /// Rows in the file.
    public var rows: Int64 = 0
    public var output = ""
    public var outputBytes: Int64 = 0
    /// Pages that failed or were left out.
    public var pagesLeftOut: [Count] = []
    /// Links that the crawl did not follow.
    public var linksNotFollowed: [Count] = []
    /// Records that break the fields' rules, by field and kind.
    public var recordsSetAside: [Count] = []
    /// Rows that the pipeline set aside, by rule.
    public var rowsSetAside: [Count] = []
    public var proofFile = ""
    /// Where this report lies as JSON.
    public var reportFile = ""
    public var proof = Proof.open("it was not asked for")
    /// The log's checkpoint from before the work, which the proof begins with.
    public var earlierCheckpoint = ""
    /// Keys that checkpoints may be signed with.
    public var logKeys: [String] = []
    public var duration = Duration.zero

    init(url: String) { self.url = url }

    // MARK: For people

    /// What is written at the end.
    public var lines: [String] {
        var lines = [
            "\(output): \(Amount.of(rows, "record")), \(Amount.bytes(outputBytes))",
            "  from \(Amount.of(pages, "page")) (\(Amount.bytes(bytes))) in \(seconds) s\(ending)",
        ]
        let missing = pagesLeftOut + recordsSetAside + rowsSetAside
        lines += missing.isEmpty ? ["left out: nothing"] : ["left out:"]
        lines += table(pagesLeftOut) { "\(Amount.of($0.count, "page")): \(Problems.meaning($0.kind))" }
        lines += table(recordsSetAside) { "\(Amount.of($0.count, "record")): \(Self.issue($0.kind))" }
        lines += table(rowsSetAside) { "\(Amount.of($0.count, "row")): \(Self.issue($0.kind))" }
        if !linksNotFollowed.isEmpty {
            let parts = linksNotFollowed.map { "\(Amount.text($0.count)) \(Problems.meaning($0.kind))" }
            lines.append("links not followed: \(parts.joined(separator: ", "))")
        }
        switch proof {
        case .holds(let entries, let size, let key):
            lines.append(
                "proof: \(proofFile): the log of it is whole: \(Amount.of(entries, "entry", "entries")), a tree of "
                    + "\(Amount.text(size)), signed by key \(key)")
        case .open(let reason): lines.append("proof: none: \(reason)")
        }
        return lines
    }

    private var ending: String {
        switch endReason {
        case "", "COMPLETE": ""
        case "PAGE_LIMIT": "; there are more pages: --limit ended it"
        case let reason: "; it ended early: \(Problems.meaning(reason))"
        }
    }

    private var seconds: String {
        let tenths = duration / .milliseconds(100)
        return "\(Int64(tenths) / 10).\(Int64(tenths) % 10)"
    }

    private func table(_ counts: [Count], _ text: (Count) -> String) -> [String] {
        counts.map { "  " + text($0) + ($0.example.isEmpty ? "" : ", as \($0.example)") }
    }

    /// `title MISSING` as `title: there is none`.
    static func issue(_ kind: String) -> String {
        let parts = kind.split(separator: " ")
        guard parts.count > 1, let last = parts.last, last == last.uppercased() else { return kind }
        return "\(parts.dropLast().joined(separator: " ")): \(Problems.meaning(String(last)))"
    }

    // MARK: For programs

    /// The report as JSON.
    public var json: JSONValue {
        var proof: [String: JSONValue] = [
            "file": .text(proofFile), "earlierCheckpoint": .text(earlierCheckpoint),
            "keys": .list(logKeys.map(JSONValue.text)),
        ]
        switch self.proof {
        case .holds(let entries, let size, let key):
            proof["holds"] = true
            proof["entries"] = .number(Double(entries))
            proof["logSize"] = .number(Double(size))
            proof["keyIds"] = .text(key)
        case .open(let reason):
            proof["holds"] = false
            proof["reason"] = .text(reason)
        }
        return [
            "url": .text(url), "scraper": .text(scraper), "scrapeJob": .text(job), "pipeline": .text(pipeline),
            "run": .text(run), "dataset": .text(dataset), "endReason": .text(endReason),
            "pages": .number(Double(pages)), "bytes": .number(Double(bytes)), "rows": .number(Double(rows)),
            "output": .text(output), "outputBytes": .number(Double(outputBytes)),
            "pagesLeftOut": Self.json(pagesLeftOut), "linksNotFollowed": Self.json(linksNotFollowed),
            "recordsSetAside": Self.json(recordsSetAside), "rowsSetAside": Self.json(rowsSetAside),
            "proof": .object(proof), "seconds": .number(Double(Int64(duration / .milliseconds(1))) / 1_000),
        ]
    }

    private static func json(_ counts: [Count]) -> JSONValue {
        .list(
            counts.map {
                ["kind": .text($0.kind), "count": .number(Double($0.count)), "example": .text($0.example)]
            })
    }
}
