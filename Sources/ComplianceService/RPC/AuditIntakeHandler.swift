import ComplianceContract
import Policy
import PolicyModel
import SwiftProtobuf
import Wire

/// Takes what roles have seen.
struct AuditIntakeHandler: Datavault_Compliance_V1_AuditIntakeService.Handler {
    let appender: GroupAppender

    func appendEvents(
        _ request: Datavault_Compliance_V1_AppendEventsRequest, context: ServerContext
    ) async throws -> Datavault_Compliance_V1_AppendEventsResponse {
        guard let source = CallScope.current?.caller.role.rawValue else {
            throw RPCError(code: .internal, message: "the call is of no role")
        }
        // Who tells is what the certificate says, never what the event does.
        let events = try request.events.enumerated().map { index, event in
            try Self.incoming(event, from: source, field: "events[\(index)]")
        }
        let count = try await appender.append(events)
        return .with { $0.newCount = Int32(clamping: count) }
    }

    /// An event as it enters the log.
    ///
    /// - Parameter field: What the request calls it, for errors.
    static func incoming(
        _ event: Datavault_Compliance_V1_AuditEvent, from source: String, field: String
    ) throws -> IncomingEvent {
        guard let time = event.time.microseconds else {
            throw ComplianceError.fieldInvalid(field: "\(field).time", problem: "must lie in the years 1 to 9999")
        }
        for (text, name) in [
            (event.organization, "organization"), (event.action, "action"), (event.actor, "actor"),
            (event.resource, "resource"),
        ]
        where text.utf8.contains(0) {
            // PostgreSQL's texts have no such character, and the index is of these.
            throw ComplianceError.fieldInvalid(field: "\(field).\(name)", problem: "must not have U+0000")
        }
        let leaf = AuditLeaf(
            source: source, sequence: event.sequence, time: time, loggedAt: 0, organization: event.organization,
            action: event.action, actor: event.actor, initiator: event.initiator, resource: event.resource,
            outcome: event.hasDenial ? .denied(code: event.denial.code, reason: event.denial.reason) : .done,
            requestID: event.requestID, before: event.before, after: event.after)
        do {
            return try IncomingEvent(
                leaf: leaf,
                personal: event.personal.map { .init(name: $0.name, subject: $0.subject, value: $0.value) })
        } catch {
            throw ComplianceError.fieldInvalid(field: field, problem: "\(error)")
        }
    }
}
