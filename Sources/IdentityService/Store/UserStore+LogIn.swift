import Persistence

/// What log-in needs of a person.
struct LogInCandidate: Sendable, RowDecodable {
    let organization: OrganizationID
    let id: UserID
    let state: User.State
    /// Null where the person cannot log in by password.
    let passwordHash: String?

    static let columns: SQL = "organization, id, state, password_hash"

    init(row: Row) throws {
        (organization, id) = (OrganizationID(try row["organization"]), UserID(try row["id"]))
        (state, passwordHash) = (try row["state"], try row["password_hash"])
    }
}

extension UserStore {
    /// The people who have an address, in all organizations: two at most, as two are as good as many to who logs in
    /// without naming an organization. In a system transaction.
    ///
    /// - Parameter folded: `EmailAddress.folded`.
    static func usersByEmail(_ folded: String, in tx: borrowing Transaction) throws -> [LogInCandidate] {
        try tx.all(
            LogInCandidate.self,
            "SELECT \(LogInCandidate.columns) FROM users WHERE email_folded = \(folded) ORDER BY organization LIMIT 2")
    }

    /// The person of an organization who has an address.
    static func userByEmail(
        _ folded: String, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws -> LogInCandidate? {
        let owner = try tx.owner(organization)
        return try tx.optional(
            LogInCandidate.self,
            """
            SELECT \(LogInCandidate.columns) FROM users WHERE organization = \(owner) AND email_folded = \(folded)
            """)
    }

    /// A person as log-in sees them, for who changes the own password.
    static func logInCandidate(
        _ id: UserID, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws -> LogInCandidate? {
        let owner = try tx.owner(organization)
        return try tx.optional(
            LogInCandidate.self,
            """
            SELECT \(LogInCandidate.columns) FROM users WHERE organization = \(owner) AND id = \(id.rawValue)
            """)
    }

    /// Gives a person another password, or none.
    ///
    /// - Returns: Whether there is such a person.
    @discardableResult
    static func setPasswordHash(
        _ hash: String?, of id: UserID, of organization: OrganizationID, at now: Int64, in tx: borrowing Transaction
    ) throws -> Bool {
        let owner = try tx.owner(organization)
        return try tx.run(
            """
            UPDATE users SET password_hash = \(hash), updated_at = \(now), version = version + 1
            WHERE organization = \(owner) AND id = \(id.rawValue)
            """) == 1
    }

    /// Replaces a hash by one of the same password under newer parameters: nothing that anybody would see changes.
    ///
    /// - Parameter old: The hash that was checked; if the person has another one by now, nothing happens.
    static func upgradePasswordHash(
        _ hash: String, from old: String, of id: UserID, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws {
        let owner = try tx.owner(organization)
        try tx.run(
            """
            UPDATE users SET password_hash = \(hash)
            WHERE organization = \(owner) AND id = \(id.rawValue) AND password_hash = \(old)
            """)
    }

    /// Notes a log-in. The etag stays: nobody changed the person.
    static func setLastLogin(
        _ now: Int64, of id: UserID, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws {
        let owner = try tx.owner(organization)
        try tx.run(
            """
            UPDATE users SET last_login_at = \(now) WHERE organization = \(owner) AND id = \(id.rawValue)
            """)
    }
}
