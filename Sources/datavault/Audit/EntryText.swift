import ComplianceService
import Foundation

/// An entry for reading.
enum EntryText {
    private struct Entry: Encodable {
        let index: Int64
        let time, loggedAt, source: String
        let sequence: Int64
        let organization, action, actor: String
        let initiator, resource, requestID, before, after, denial: String?
        let personal: [String]?
    }

    /// One line of JSON; what is empty is left out.
    static func json(_ index: Int64, _ leaf: AuditLeaf) -> String {
        func text(_ value: String) -> String? { value.isEmpty ? nil : value }
        var denial: String?
        if case .denied(let code, let reason) = leaf.outcome { denial = "\(code) \(reason)" }
        let entry = Entry(
            index: index, time: time(leaf.time), loggedAt: time(leaf.loggedAt), source: leaf.source,
            sequence: leaf.sequence, organization: leaf.organization, action: leaf.action, actor: leaf.actor,
            initiator: text(leaf.initiator), resource: text(leaf.resource), requestID: text(leaf.requestID),
            before: text(leaf.before), after: text(leaf.after), denial: denial,
            personal: leaf.personal.isEmpty ? nil : leaf.personal.map { "\($0.name) of \($0.subject)" })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(entry)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private static func time(_ microseconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(microseconds) / 1_000_000)
            .formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
    }
}
