import Persistence

/// Which people a list shows.
struct UserFilter: Sendable, Hashable {
    var state: User.State?
    /// Those who have one of these roles; empty: all.
    var roles: MemberRoles = []
    /// A part of the address or the name, in whatever case; empty: all.
    var text = ""

    /// As page tokens are bound to it.
    var parts: [String] { [state?.rawValue ?? "", "\(roles.rawValue)", text] }
}

extension UserStore {
    /// People after a place, the oldest first.
    static func users(
        _ filter: UserFilter, of organization: OrganizationID, after place: PageToken?, count: Int,
        in tx: borrowing Transaction
    ) throws -> [User] {
        let (owner, place) = (try tx.owner(organization), place ?? .start)
        var conditions: [SQL] = [
            "organization = \(owner)",
            "(created_at > \(place.time) OR (created_at = \(place.time) AND id > \(place.id)))",
        ]
        if let state = filter.state { conditions.append("state = \(state)") }
        if !filter.roles.isEmpty {
            conditions.append(
                """
                EXISTS (
                    SELECT 1 FROM members WHERE members.organization = users.organization
                        AND members.user_id = users.id AND (members.roles & \(filter.roles.rawValue)) <> 0
                )
                """)
        }
        if !filter.text.isEmpty {
            let pattern = "%\(escaped(filter.text.lowercased()))%"
            conditions.append(
                "(email_folded LIKE \(pattern) ESCAPE '!' OR display_name_folded LIKE \(pattern) ESCAPE '!')")
        }
        return try tx.all(
            User.self,
            """
            SELECT \(User.columns) FROM users WHERE \(SQL.joined(conditions, separator: " AND "))
            ORDER BY created_at, id LIMIT \(count)
            """)
    }

    /// A text of which LIKE takes no character for a wildcard.
    private static func escaped(_ text: String) -> String {
        text.replacing("!", with: "!!").replacing("%", with: "!%").replacing("_", with: "!_")
    }
}
