public import PolicyModel

/// Who makes a call, as it has been verified.
public enum Caller: Sendable {
    /// Someone outside, through the gateway, or through a role that forwards the call.
    case principal(VerifiedPrincipal, by: Role)
    /// A role as itself, for work that outlives every principal.
    case role(Role, onBehalf: OnBehalf?)
    /// Someone whom nobody asked who they are, through the role that let them in.
    case anonymous(by: Role)

    /// For whom a role calls as itself.
    public struct OnBehalf: Sendable, Hashable {
        /// The organization that all of the call is bound to.
        public let organization: String
        /// Who started the work, as the audit log names them.
        public let initiator: String

        /// Names both.
        public init(organization: String, initiator: String) {
            (self.organization, self.initiator) = (organization, initiator)
        }
    }

    /// The organization that all of the call is bound to; nil if to none.
    public var organization: String? {
        switch self {
        case .principal(let principal, _): principal.organization
        case .role(_, let onBehalf): onBehalf?.organization
        case .anonymous: nil
        }
    }

    /// The role whose certificate the peer showed.
    public var role: Role {
        switch self {
        case .principal(_, let role), .role(let role, _), .anonymous(let role): role
        }
    }

    /// The verified principal, if the call has one.
    public var principal: VerifiedPrincipal? {
        if case .principal(let principal, _) = self { return principal }
        return nil
    }
}
