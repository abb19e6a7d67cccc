import Persistence

extension UserStore {
    /// Lets no other transaction change a user or the user's roles before this one ends: a token that is made in it is
    /// either older than such a change, and revoked by it, or made with what it says.
    ///
    /// SQLite writes one transaction after the other anyway.
    static func hold(
        _ id: UserID, of organization: OrganizationID, _ kind: Store.Kind, in tx: borrowing Transaction
    ) throws {
        guard kind == .postgres else { return }
        let owner = try tx.owner(organization)
        _ = try tx.values(
            String.self, "SELECT id FROM users WHERE organization = \(owner) AND id = \(id.rawValue) FOR SHARE")
        _ = try tx.values(
            String.self,
            "SELECT user_id FROM members WHERE organization = \(owner) AND user_id = \(id.rawValue) FOR SHARE")
    }
}
