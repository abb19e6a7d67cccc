import Persistence

extension Member: RowDecodable {
    static let columns: SQL = "user_id, roles, created_at, version"

    init(row: Row) throws {
        self.init(
            user: UserID(try row["user_id"]), roles: MemberRoles(rawValue: try row["roles"]),
            createdAt: try row["created_at"], version: try row["version"])
    }
}

/// The table of what people may do. All functions work in a transaction of the organization's scope, and in the system's.
enum MemberStore {
    static func insert(_ new: Member, of organization: OrganizationID, in tx: borrowing Transaction) throws {
        let owner = try tx.owner(organization)
        try tx.run(
            """
            INSERT INTO members (organization, user_id, roles, created_at, version)
            VALUES (\(owner), \(new.user.rawValue), \(new.roles.rawValue), \(new.createdAt), \(new.version))
            """)
    }

    static func member(
        _ user: UserID, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws -> Member? {
        let owner = try tx.owner(organization)
        return try tx.optional(
            Member.self,
            "SELECT \(Member.columns) FROM members WHERE organization = \(owner) AND user_id = \(user.rawValue)")
    }

    static func update(_ changed: Member, of organization: OrganizationID, in tx: borrowing Transaction) throws {
        let owner = try tx.owner(organization)
        try tx.run(
            """
            UPDATE members SET roles = \(changed.roles.rawValue), version = \(changed.version)
            WHERE organization = \(owner) AND user_id = \(changed.user.rawValue)
            """)
    }

    static func delete(_ user: UserID, of organization: OrganizationID, in tx: borrowing Transaction) throws {
        let owner = try tx.owner(organization)
        try tx.run("DELETE FROM members WHERE organization = \(owner) AND user_id = \(user.rawValue)")
    }

    /// Members after a place, the oldest first.
    ///
    /// - Parameter roles: Those who have one of them; empty: all.
    static func members(
        _ roles: MemberRoles, of organization: OrganizationID, after place: PageToken?, count: Int,
        in tx: borrowing Transaction
    ) throws -> [Member] {
        let (owner, place) = (try tx.owner(organization), place ?? .start)
        let filter: SQL = roles.isEmpty ? "" : "AND (roles & \(roles.rawValue)) <> 0"
        return try tx.all(
            Member.self,
            """
            SELECT \(Member.columns) FROM members WHERE organization = \(owner)
                AND (created_at > \(place.time) OR (created_at = \(place.time) AND user_id > \(place.id))) \(filter)
            ORDER BY created_at, user_id LIMIT \(count)
            """)
    }

    /// Looks, after a change that may have cost one, whether an admin is left who may act.
    ///
    /// In a serializable transaction that is enough under concurrency, too: of two that each take one of the last two
    /// admins, both read what the other writes, so one is run again and then finds nobody.
    ///
    /// - Throws: `IdentityError.lastAdmin`.
    static func requireActiveAdmin(of organization: OrganizationID, in tx: borrowing Transaction) throws {
        let owner = try tx.owner(organization)
        let found = try tx.value(
            Int.self,
            """
            SELECT 1 AS found FROM members
            JOIN users ON users.organization = members.organization AND users.id = members.user_id
            WHERE members.organization = \(owner) AND users.state = 'active'
                AND (members.roles & \(MemberRoles.admin.rawValue)) <> 0
            LIMIT 1
            """)
        guard found != nil else { throw IdentityError.lastAdmin }
    }
}
