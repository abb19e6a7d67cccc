import Persistence

/// Access tokens that are not to be believed any more, though their time is not over: what gateways are told.
struct TokenRevocationRow: RowDecodable, Hashable {
    let id: Int64
    let organization: OrganizationID
    /// A session's identifier; nil: all of a user's tokens are meant.
    let session: String?
    let user: UserID
    /// Tokens made before this are refused, in milliseconds since 1970.
    let issuedBefore: Int64
    /// When all those tokens are over, in milliseconds since 1970.
    let until: Int64

    init(row: Row) throws {
        id = try row["id"]
        organization = OrganizationID(try row["organization"] as String)
        session = try row["session"]
        user = UserID(try row["user_id"] as String)
        issuedBefore = try row["issued_before_ms"]
        until = try row["until_ms"]
    }
}

/// The table of revocations.
enum TokenRevocationStore {
    static let migration = Migration(
        "identity 023 token revocations",
        up: [
            .sql(
                sqlite: """
                    CREATE TABLE token_revocations (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, organization TEXT NOT NULL, session TEXT,
                        user_id TEXT NOT NULL, issued_before_ms BIGINT NOT NULL, until_ms BIGINT NOT NULL,
                        created_at BIGINT NOT NULL
                    );
                    CREATE INDEX token_revocations_by_end ON token_revocations (until_ms)
                    """,
                postgres: """
                    CREATE TABLE token_revocations (
                        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organization TEXT NOT NULL, session TEXT,
                        user_id TEXT NOT NULL, issued_before_ms BIGINT NOT NULL, until_ms BIGINT NOT NULL,
                        created_at BIGINT NOT NULL
                    );
                    CREATE INDEX token_revocations_by_end ON token_revocations (until_ms)
                    """),
            .isolate("token_revocations"),
            .expose("token_revocations", as: .readWrite),
        ],
        down: [.sql("DROP TABLE token_revocations")])

    /// Keeps a revocation.
    ///
    /// - Returns: Its identifier.
    /// - Parameters:
    ///   - session: Whose tokens; nil: all of the user's.
    ///   - issuedBefore: In milliseconds since 1970, as `until`.
    static func add(
        session: String?, user: UserID, of organization: OrganizationID, issuedBefore: Int64, until: Int64, now: Int64,
        in tx: borrowing Transaction
    ) throws -> Int64 {
        let id = try tx.value(
            Int64.self,
            """
            INSERT INTO token_revocations (organization, session, user_id, issued_before_ms, until_ms, created_at)
            VALUES (\(tx.owner(organization)), \(session), \(user.rawValue), \(issuedBefore), \(until), \(now))
            RETURNING id
            """)
        guard let id else { throw StoreError(.unexpected, "no id was returned") }
        return id
    }

    /// Deletes those whose time is over; of a system transaction.
    static func clean(now: Int64, in tx: borrowing Transaction) throws -> Int {
        try tx.run("DELETE FROM token_revocations WHERE until_ms <= \(now)")
    }
}
