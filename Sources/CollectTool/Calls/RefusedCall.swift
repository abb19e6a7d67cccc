import Outbound

/// An answer that is an error: `google.rpc.Status` as JSON, as docs/gateway.md tells.
struct RefusedCall: Error {
    let status: Int
    let message: String
    /// What programs decide by; empty where the answer has none.
    let reason: String
    /// The part of the suite that refused, as `datavault.scrape.v1`.
    let domain: String
    /// What the reason is about.
    let metadata: [String: String]
    /// Fields of the request with what is wrong with them.
    let violations: [(field: String, text: String)]
    /// When to try again.
    let retryAfter: Duration?

    init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
        self.status = status
        let json = (try? JSONValue(parsing: body)) ?? .null
        message = json["message"].text.isEmpty ? "HTTP status \(status)" : json["message"].text
        let details = json["details"].elements
        let info = details.first { $0["@type"].text.hasSuffix("google.rpc.ErrorInfo") } ?? .null
        (reason, domain) = (info["reason"].text, info["domain"].text)
        var metadata: [String: String] = [:]
        if case .object(let values) = info["metadata"] { metadata = values.mapValues(\.text) }
        self.metadata = metadata
        let bad = details.first { $0["@type"].text.hasSuffix("google.rpc.BadRequest") } ?? .null
        violations = bad["fieldViolations"].elements.map { ($0["field"].text, $0["description"].text) }
        retryAfter = headers["retry-after"].flatMap(Int.init).map { .seconds(min(max($0, 0), 60)) }
    }

    /// Whether the same call may be answered otherwise in a moment. A signature of the second in which the gateway started is
    /// made anew, as it could be one that was used before.
    var mayPass: Bool { [429, 502, 503, 504].contains(status) || reason == "SIGNATURE_STALE" }

    /// The field of the request that is to blame; empty where none is.
    var field: String { metadata["field"] ?? violations.first?.field ?? "" }
}
