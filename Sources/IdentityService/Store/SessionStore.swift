import Persistence

/// A session as the table has it. Times are microseconds since 1970.
struct SessionRow: RowDecodable, Hashable {
    let id: String
    let organization: OrganizationID
    let user: UserID
    let createdAt: Int64
    var state: SessionState

    init(id: String, organization: OrganizationID, user: UserID, createdAt: Int64, state: SessionState) {
        (self.id, self.organization, self.user) = (id, organization, user)
        (self.createdAt, self.state) = (createdAt, state)
    }

    init(row: Row) throws {
        let end: String? = try row["end_reason"]
        id = try row["id"]
        organization = OrganizationID(try row["organization"] as String)
        user = UserID(try row["user_id"] as String)
        createdAt = try row["created_at"]
        state = SessionState(
            generation: try row["generation"], refreshedAt: try row["refreshed_at"],
            idleExpiresAt: try row["idle_expires_at"], expiresAt: try row["expires_at"],
            // A reason of a later version ends a session for this one, too.
            end: end.map { SessionEnd(rawValue: $0) ?? .deleted })
    }

    /// `sessions/{session}`.
    var name: String { "sessions/\(id)" }
}

/// The table of sessions. Functions with a transaction take the organization's or the system's.
struct SessionStore: Sendable {
    static let migration = Migration(
        "identity 020 sessions",
        up: [
            .sql(
                """
                CREATE TABLE sessions (
                    organization TEXT NOT NULL, id TEXT NOT NULL, user_id TEXT NOT NULL, created_at BIGINT NOT NULL,
                    generation BIGINT NOT NULL, refreshed_at BIGINT NOT NULL, idle_expires_at BIGINT NOT NULL,
                    expires_at BIGINT NOT NULL, ended_at BIGINT, end_reason TEXT,
                    PRIMARY KEY (organization, id)
                );
                CREATE UNIQUE INDEX sessions_by_id ON sessions (id);
                CREATE INDEX sessions_by_user ON sessions (organization, user_id, created_at, id);
                CREATE INDEX sessions_by_end ON sessions (idle_expires_at)
                """),
            .isolate("sessions"),
            .expose("sessions", as: .readWrite),
        ],
        down: [.sql("DROP TABLE sessions")])

    private static let columns: SQL =
        """
        id, organization, user_id, created_at, generation, refreshed_at, idle_expires_at, expires_at, end_reason
        """

    static func insert(_ session: SessionRow, in tx: borrowing Transaction) throws {
        let owner = try tx.owner(session.organization)
        try tx.run(
            """
            INSERT INTO sessions (organization, id, user_id, created_at, generation, refreshed_at, idle_expires_at,
                expires_at)
            VALUES (\(owner), \(session.id), \(session.user.rawValue), \(session.createdAt),
                \(session.state.generation), \(session.state.refreshedAt), \(session.state.idleExpiresAt),
                \(session.state.expiresAt))
            """)
    }

    /// A session, whichever organization's it is: of a system transaction.
    static func session(_ id: String, in tx: borrowing Transaction) throws -> SessionRow? {
        try tx.optional(SessionRow.self, "SELECT \(columns) FROM sessions WHERE id = \(id)")
    }

    /// A session of an organization.
    static func session(
        _ id: String, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws -> SessionRow? {
        try tx.optional(
            SessionRow.self,
            "SELECT \(columns) FROM sessions WHERE organization = \(tx.owner(organization)) AND id = \(id)")
    }

    /// A user's sessions that go on, the newest first.
    static func live(
        of user: UserID, of organization: OrganizationID, now: Int64, before place: PageToken? = nil, count: Int,
        in tx: borrowing Transaction
    ) throws -> [SessionRow] {
        let place = place ?? PageToken(time: .max, id: "")
        return try tx.all(
            SessionRow.self,
            """
            SELECT \(columns) FROM sessions
            WHERE organization = \(tx.owner(organization)) AND user_id = \(user.rawValue)
                AND ended_at IS NULL AND idle_expires_at > \(now)
                AND (created_at < \(place.time) OR (created_at = \(place.time) AND id < \(place.id)))
            ORDER BY created_at DESC, id DESC LIMIT \(count)
            """)
    }

    /// Writes what a refresh has decided.
    ///
    /// - Parameter generation: The one that it was decided for: should another transaction have come between, nothing is
    ///   written.
    static func refresh(_ session: SessionRow, from generation: Int64, in tx: borrowing Transaction) throws {
        let count = try tx.run(
            """
            UPDATE sessions SET generation = \(session.state.generation), refreshed_at = \(session.state.refreshedAt),
                idle_expires_at = \(session.state.idleExpiresAt)
            WHERE organization = \(tx.owner(session.organization)) AND id = \(session.id)
                AND generation = \(generation) AND ended_at IS NULL
            """)
        guard count == 1 else { throw StoreError(.serialization, "the session was refreshed at the same time") }
    }

    /// Ends a session, if it has not ended.
    ///
    /// - Returns: Whether it went on until now.
    @discardableResult
    static func end(
        _ id: String, of organization: OrganizationID, _ end: SessionEnd, now: Int64, in tx: borrowing Transaction
    ) throws -> Bool {
        try tx.run(
            """
            UPDATE sessions SET ended_at = \(now), end_reason = \(end.rawValue)
            WHERE organization = \(tx.owner(organization)) AND id = \(id) AND ended_at IS NULL
            """) > 0
    }

    /// Ends all sessions of a user.
    ///
    /// - Parameter kept: One that goes on; nil: none.
    /// - Returns: Those that ended.
    static func endAll(
        of user: UserID, of organization: OrganizationID, except kept: String? = nil, _ end: SessionEnd, now: Int64,
        in tx: borrowing Transaction
    ) throws -> [String] {
        try tx.values(
            String.self,
            """
            UPDATE sessions SET ended_at = \(now), end_reason = \(end.rawValue)
            WHERE organization = \(tx.owner(organization)) AND user_id = \(user.rawValue)
                AND ended_at IS NULL AND id <> \(kept ?? "") RETURNING id
            """)
    }

    /// The sessions of a user that go on beyond a number, the least recently refreshed ones.
    static func surplus(
        of user: UserID, of organization: OrganizationID, now: Int64, beyond maximum: Int, in tx: borrowing Transaction
    ) throws -> [String] {
        try tx.values(
            String.self,
            """
            SELECT id FROM sessions
            WHERE organization = \(tx.owner(organization)) AND user_id = \(user.rawValue)
                AND ended_at IS NULL AND idle_expires_at > \(now)
            ORDER BY refreshed_at DESC, id DESC LIMIT 1000 OFFSET \(maximum)
            """)
    }

    /// Deletes sessions whose last token could not be used any more since before a time; of a system transaction.
    ///
    /// - Returns: How many.
    static func clean(before time: Int64, count: Int, in tx: borrowing Transaction) throws -> Int {
        let ids = try tx.values(
            String.self,
            "SELECT id FROM sessions WHERE idle_expires_at < \(time) ORDER BY idle_expires_at LIMIT \(count)")
        guard !ids.isEmpty else { return 0 }
        try tx.run("DELETE FROM refresh_tokens WHERE session IN (\(SQL.list(ids)))")
        return try tx.run("DELETE FROM sessions WHERE id IN (\(SQL.list(ids)))")
    }
}
