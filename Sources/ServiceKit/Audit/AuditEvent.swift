public import Foundation
import Policy
import PolicyModel

/// What the audit log is told of one call.
public struct AuditEvent: Sendable {
    /// How the call ended.
    public enum Outcome: Sendable, Equatable {
        /// The change stands.
        case done
        /// It was refused, by the policy layer or by its handler, with this code and reason.
        case denied(code: String, reason: String)
    }

    /// What the log calls the call, as `note.create`.
    public let action: String
    /// Whose data it is about; nil where the caller belongs to nobody.
    public let organization: String?
    /// Who made the call, as `users/ada` or `role:scrape`.
    public let actor: String
    /// For whom a role made it.
    public let initiator: String?
    /// What it is about, as `notes/17`.
    public let resource: String?
    /// The resource before and after the change, masked; nil where there was or is none.
    public let before, after: String?
    /// How it ended.
    public let outcome: Outcome
    /// The caller's request.
    public let requestID: String?
    /// When.
    public let time: Date

    /// What of it tells of persons.
    public let personal: [AuditPersonal]

    /// - Parameters:
    ///   - intent: The call's, if there is one.
    ///   - caller: Who made the call, where there is no intent, as of a refused call.
    ///   - party: Who it was, if the call has found that out itself.
    ///   - organization: Whose the event is, if nobody else says.
    init(
        action: String, intent: AuditIntent? = nil, caller: Caller? = nil, party: AuditParty? = nil,
        organization: String? = nil, resource: String?, before: String? = nil, after: String? = nil,
        personal: [AuditPersonal] = [], outcome: Outcome, time: Date
    ) {
        (self.action, self.before, self.after) = (action, before, after)
        (self.outcome, self.time) = (outcome, time)
        let caller = intent?.actor ?? caller
        self.resource = resource ?? intent?.resource
        // Somebody who has not logged in yet has none; what the call then works on belongs to one all the same.
        self.organization = party?.organization ?? caller?.organization ?? organization
        // The intent's, as the call's own context is not there on the store's threads.
        requestID = intent?.requestID ?? CallContext.current?.requestID
        actor = party?.actor ?? caller?.name ?? "unknown"
        if case .role(_, let onBehalf) = caller { initiator = onBehalf?.initiator } else { initiator = nil }
        let address = intent?.sourceAddress ?? caller?.principal?.sourceAddress ?? ""
        self.personal =
            (address.isEmpty ? [] : [AuditPersonal(name: "source_address", subject: actor, value: address)])
            + personal
    }

    /// What a service did of itself, with no call.
    init(
        action: String, role: Role, organization: String?, resource: String?, before: String?, after: String?,
        personal: [AuditPersonal] = [], time: Date
    ) {
        (self.action, self.organization, self.resource) = (action, organization, resource)
        (self.before, self.after, self.personal, self.time) = (before, after, personal, time)
        outcome = .done
        actor = Caller.role(role, onBehalf: nil).name
        (initiator, requestID) = (nil, nil)
    }
}
