import Outbound

/// Asks what was left out, and why.
struct LeftOut {
    /// Pages, records and rows that are looked at for examples and counts; the counts of pages are the job's own.
    private static let maximumLooked = 10_000
    private static let pageSize = 1_000

    let gateway: GatewayClient

    /// Pages by kind of problem, the most frequent first, each with one as an example.
    func pages(_ progress: JobProgress, job: String) async throws -> [CollectReport.Count] {
        var counts = Self.sorted(progress.problems)
        for index in counts.indices {
            let reply = try await gateway.call(
                .get, "/api/v1/\(job)/pages",
                query: [("problem", "PAGE_PROBLEM_\(counts[index].kind)"), ("page_size", "1")])
            guard let page = reply["pages"].elements.first else { continue }
            let (status, detail) = (page["httpStatus"].count, page["detail"].text)
            let why = detail.isEmpty ? (status >= 400 ? "\(status)" : "") : detail
            counts[index].example = page["url"].text + (why.isEmpty ? "" : " (\(why))")
        }
        return counts
    }

    /// Records that break a field's rules, by field and kind.
    func records(job: String) async throws -> [CollectReport.Count] {
        try await group("/api/v1/\(job)/quarantined-records", "quarantinedRecords") { record in
            record["issues"].elements.map { issue in
                let kind = Problems.bare(issue["kind"].text, "FIELD_ISSUE_KIND_")
                return ("\(issue["field"].text) \(kind)", record["record"]["url"].text)
            }
        }
    }

    /// Rows that the pipeline set aside, by rule or reason.
    func rows(run: String) async throws -> [CollectReport.Count] {
        try await group("/api/v1/\(run)/quarantined-rows", "quarantinedRows") { row in
            let kind = Problems.bare(row["reason"].text, "REASON_")
            let rule = row["rule"].text
            let url = row["row"]["_url"].text
            return [(rule.isEmpty ? kind : "\(rule) \(kind)", url.isEmpty ? "row \(row["inputRow"].count)" : url)]
        }
    }

    private func group(
        _ path: String, _ list: String, _ kinds: (JSONValue) -> [(kind: String, example: String)]
    ) async throws -> [CollectReport.Count] {
        var (counts, examples): ([String: Int64], [String: String]) = ([:], [:])
        var (token, looked) = ("", 0)
        repeat {
            var query = [("page_size", "\(Self.pageSize)")]
            if !token.isEmpty { query.append(("page_token", token)) }
            let reply = try await gateway.call(.get, path, query: query)
            for element in reply[list].elements {
                looked += 1
                for (kind, example) in kinds(element) {
                    counts[kind, default: 0] += 1
                    if examples[kind] == nil { examples[kind] = example }
                }
            }
            token = reply["nextPageToken"].text
        } while !token.isEmpty && looked < Self.maximumLooked
        return Self.sorted(counts).map { count in
            CollectReport.Count(kind: count.kind, count: count.count, example: examples[count.kind] ?? "")
        }
    }

    static func sorted(_ counts: [String: Int64]) -> [CollectReport.Count] {
        counts.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { CollectReport.Count(kind: $0.key, count: $0.value) }
    }
}
