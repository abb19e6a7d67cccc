import Persistence

/// What a user may do at the moment.
struct EffectivePermissions: Sendable {
    let permissions: Permissions

    private struct Found: RowDecodable {
        let state: User.State
        let roles: MemberRoles
        let isOperator: Bool

        init(row: Row) throws {
            (state, roles) = (try row["state"], MemberRoles(rawValue: try row["roles"]))
            isOperator = try row["is_operator"]
        }
    }

    /// The permissions of all roles of a user together; none for a user who is disabled or not there.
    func of(
        _ user: UserID, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws -> Set<String> {
        let owner = try tx.owner(organization)
        let found = try tx.optional(
            Found.self,
            """
            SELECT users.state AS state, members.roles AS roles, organizations.is_operator AS is_operator
            FROM users
            JOIN members ON members.organization = users.organization AND members.user_id = users.id
            JOIN organizations ON organizations.id = users.organization
            WHERE users.organization = \(owner) AND users.id = \(user.rawValue)
            """)
        guard let found, found.state == .active else { return [] }
        return permissions.granted(to: found.roles, isOperator: found.isOperator)
    }

    /// What a key of a user may do: its scopes, as far as its owner may do it at the moment.
    func ofKey(
        scopes: some Collection<String>, owner: UserID, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws -> Set<String> {
        try of(owner, of: organization, in: tx).intersection(scopes)
    }
}
