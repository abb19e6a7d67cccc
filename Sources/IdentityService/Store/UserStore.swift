import Persistence

extension User: RowDecodable {
    static let columns: SQL = "id, email, display_name, state, created_at, updated_at, last_login_at, version"

    init(row: Row) throws {
        self.init(
            id: UserID(try row["id"]), email: EmailAddress(try row["email"]), displayName: try row["display_name"],
            state: try row["state"], createdAt: try row["created_at"], updatedAt: try row["updated_at"],
            lastLogInAt: try row["last_login_at"], version: try row["version"])
    }
}

extension User.State: SQLConvertible {}

/// The table of people. All functions work in a transaction of the organization's scope, and in the system's.
enum UserStore {
    /// - Throws: `IdentityError.emailTaken` if another user of the organization has the address.
    static func insert(
        _ new: User, passwordHash: String?, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws {
        let owner = try tx.owner(organization)
        try refusingTakenEmail {
            try tx.run(
                """
                INSERT INTO users (
                    organization, id, email, email_folded, display_name, display_name_folded, password_hash, state,
                    created_at, updated_at, last_login_at, version
                ) VALUES (
                    \(owner), \(new.id.rawValue), \(new.email.text), \(new.email.folded), \(new.displayName),
                    \(new.displayName.lowercased()), \(passwordHash), \(new.state), \(new.createdAt), \(new.updatedAt),
                    \(new.lastLogInAt), \(new.version)
                )
                """)
        }
    }

    static func user(
        _ id: UserID, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws -> User? {
        let owner = try tx.owner(organization)
        return try tx.optional(
            User.self,
            "SELECT \(User.columns) FROM users WHERE organization = \(owner) AND id = \(id.rawValue)")
    }

    /// Writes what can change of a person, the password aside.
    ///
    /// - Throws: `IdentityError.emailTaken`.
    static func update(_ changed: User, of organization: OrganizationID, in tx: borrowing Transaction) throws {
        let owner = try tx.owner(organization)
        try refusingTakenEmail {
            try tx.run(
                """
                UPDATE users SET email = \(changed.email.text), email_folded = \(changed.email.folded),
                    display_name = \(changed.displayName), display_name_folded = \(changed.displayName.lowercased()),
                    state = \(changed.state), updated_at = \(changed.updatedAt), version = \(changed.version)
                WHERE organization = \(owner) AND id = \(changed.id.rawValue)
                """)
        }
    }

    /// Deletes a person, who has no membership any more.
    static func delete(_ id: UserID, of organization: OrganizationID, in tx: borrowing Transaction) throws {
        let owner = try tx.owner(organization)
        try tx.run("DELETE FROM users WHERE organization = \(owner) AND id = \(id.rawValue)")
    }

    /// How many people the organization has.
    static func count(of organization: OrganizationID, in tx: borrowing Transaction) throws -> Int {
        let owner = try tx.owner(organization)
        return try tx.value(Int.self, "SELECT COUNT(*) AS users FROM users WHERE organization = \(owner)") ?? 0
    }

    /// The unique index is asked, not the table first: whoever comes second is refused, however close they are.
    private static func refusingTakenEmail(_ body: () throws -> Int) throws {
        do { _ = try body() } catch let error as StoreError where error.constraint == "users_email" {
            throw IdentityError.emailTaken
        }
    }
}
