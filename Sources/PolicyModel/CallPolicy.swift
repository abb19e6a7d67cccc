public import SwiftProtobuf

/// What the contract says of a call: `datavault.policy.v1.CallPolicy` as generated code gives it.
///
/// One object a method, so that it is passed around for the price of a reference.
public final class CallPolicy: Sendable {
    /// What a caller has to show.
    public enum Access: Sendable, Hashable {
        /// A principal that holds this permission.
        case permission(String)
        /// A principal, whatever its permissions.
        case authenticated
        /// Nothing.
        case `public`
        /// A role's certificate: only roles call it, as themselves.
        case `internal`
    }

    /// How the gateway shows the messages of a stream.
    public enum Stream: Sendable, Hashable {
        case jsonLines
        case events
        case bytes
        case webSocket
    }

    /// The cost of a call whose policy names none.
    public static let defaultCost = 1

    /// What a caller has to show.
    public let access: Access
    /// The roles whose certificates may make the call.
    public let roles: Set<Role>
    /// What the audit log is told; nil if nothing.
    public let audit: AuditRule?
    /// How much a call takes of its caller's budget.
    public let cost: Int
    /// Since when and until when a deprecated call is served; nil for others.
    public let deprecation: Deprecation?
    /// How the gateway shows a stream; nil for what it does not show.
    public let stream: Stream?
    private let checkRequest: (@Sendable (any Message, inout Violations) -> Void)?

    /// A policy of a method whose requests have rules.
    public init<Request: ContractMessage>(
        access: Access,
        roles: Set<Role> = [.gateway],
        audit: AuditRule? = nil,
        cost: Int = CallPolicy.defaultCost,
        deprecation: Deprecation? = nil,
        stream: Stream? = nil,
        request: Request.Type
    ) {
        (self.access, self.roles, self.audit, self.cost) = (access, roles, audit, cost)
        (self.deprecation, self.stream) = (deprecation, stream)
        checkRequest = { message, found in
            if let request = message as? Request { request.check(&found) }
        }
    }

    /// A policy of a method whose requests have no rules: messages that are not the suite's own, as
    /// `google.protobuf.Empty`.
    public init(
        access: Access,
        roles: Set<Role> = [.gateway],
        audit: AuditRule? = nil,
        cost: Int = CallPolicy.defaultCost,
        deprecation: Deprecation? = nil,
        stream: Stream? = nil
    ) {
        (self.access, self.roles, self.audit, self.cost) = (access, roles, audit, cost)
        (self.deprecation, self.stream) = (deprecation, stream)
        checkRequest = nil
    }

    /// Whether requests have rules at all.
    public var hasRequestRules: Bool { checkRequest != nil }

    /// The rules that a request message breaks.
    public func violations(in request: any Message) -> Violations {
        var found = Violations()
        checkRequest?(request, &found)
        return found
    }
}

/// The end of a call, announced.
public struct Deprecation: Sendable, Hashable {
    /// The day from which callers should use something else, as `2026-03-31` (UTC).
    public let since: String
    /// The day from which the call may be gone.
    public let sunset: String
    /// The full name of the method to call instead; nil if there is none.
    public let replacement: String?

    /// Announces an end; days are written as in the contract.
    public init(since: String, sunset: String, replacement: String? = nil) {
        (self.since, self.sunset, self.replacement) = (since, sunset, replacement)
    }
}
