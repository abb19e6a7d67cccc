/// Who did something, and in whose organization, for calls that find that out themselves: log-in comes from nobody, and
/// is a user's once the password was right.
public struct AuditParty: Sendable, Hashable {
    /// The organization's identifier, without `organizations/`.
    public let organization: String
    /// As `users/ada`.
    public let actor: String

    /// Names both.
    public init(organization: String, actor: String) { (self.organization, self.actor) = (organization, actor) }
}
