/// How far a scrape job is, as its events say.
struct JobProgress: Equatable, Sendable {
    var state = ""
    var endReason = ""
    var queued: Int64 = 0
    var fetching: Int64 = 0
    var fetched: Int64 = 0
    var failed: Int64 = 0
    var leftOut: Int64 = 0
    var records: Int64 = 0
    var quarantined: Int64 = 0
    var bytes: Int64 = 0
    /// By kind, without what links the crawl did not follow.
    var problems: [String: Int64] = [:]
    /// Links that were not followed, by kind.
    var boundaries: [String: Int64] = [:]

    init() {}

    /// Reads an event.
    init(_ job: JSONValue) {
        state = Problems.bare(job["state"].text, "SCRAPE_JOB_STATE_")
        endReason = Problems.bare(job["endReason"].text, "END_REASON_")
        let progress = job["progress"]
        (queued, fetching) = (progress["queued"].count, progress["fetching"].count)
        (fetched, failed) = (progress["fetched"].count, progress["failed"].count)
        (leftOut, records) = (progress["leftOut"].count, progress["records"].count)
        (quarantined, bytes) = (progress["quarantined"].count, progress["bytes"].count)
        for problem in progress["problems"].elements {
            let kind = Problems.bare(problem["problem"].text, "PAGE_PROBLEM_")
            if Problems.boundaries.contains(kind) {
                boundaries[kind] = problem["count"].count
            } else {
                problems[kind] = problem["count"].count
            }
        }
    }

    var hasEnded: Bool { ["SUCCEEDED", "FAILED", "CANCELLED"].contains(state) }

    /// In one line.
    var line: String {
        var parts = ["\(Amount.text(fetched)) pages", "\(Amount.text(records)) records"]
        if queued + fetching > 0 { parts.append("\(Amount.text(queued + fetching)) waiting") }
        if failed > 0 { parts.append("\(Amount.text(failed)) failed") }
        if leftOut > 0 { parts.append("\(Amount.text(leftOut)) left out") }
        if quarantined > 0 { parts.append("\(Amount.text(quarantined)) set aside") }
        parts.append(Amount.bytes(bytes))
        return parts.joined(separator: ", ")
    }
}

/// Numbers for people.
enum Amount {
    /// Thousands apart.
    static func text(_ value: Int64) -> String {
        var digits = "\(value.magnitude)"
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits = String(digits.dropLast(3))
        }
        return (value < 0 ? "-" : "") + ([digits] + groups.map(String.init)).joined(separator: " ")
    }

    /// `1 page`, `2 pages`.
    static func of(_ count: Int64, _ one: String, _ many: String? = nil) -> String {
        "\(text(count)) \(count == 1 ? one : many ?? one + "s")"
    }

    /// Bytes in the largest unit that leaves a digit before the point.
    static func bytes(_ count: Int64) -> String {
        var (value, unit) = (Double(count), 0)
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        while value >= 1_024, unit < units.count - 1 {
            value /= 1_024
            unit += 1
        }
        guard unit > 0 else { return "\(count) bytes" }
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
