import Persistence

/// The table of refresh tokens, as keyed hashes: of each session the newest one and the one before. Older ones are known
/// as such without a row, by their tag.
enum RefreshTokenStore {
    static let migration = Migration(
        "identity 021 refresh tokens",
        up: [
            .sql(
                """
                CREATE TABLE refresh_tokens (
                    organization TEXT NOT NULL, session TEXT NOT NULL, generation BIGINT NOT NULL, hash BYTEA NOT NULL,
                    PRIMARY KEY (organization, session, generation)
                );
                CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session)
                """),
            .isolate("refresh_tokens"),
            .expose("refresh_tokens", as: .readWrite),
        ],
        down: [.sql("DROP TABLE refresh_tokens")])

    /// Keeps a session's newest token, and forgets the one before the one before.
    static func keep(
        _ hash: [UInt8], _ generation: Int64, of session: String, _ organization: OrganizationID,
        in tx: borrowing Transaction
    ) throws {
        let owner = try tx.owner(organization)
        try tx.run(
            """
            INSERT INTO refresh_tokens (organization, session, generation, hash)
            VALUES (\(owner), \(session), \(generation), \(hash))
            """)
        try tx.run(
            """
            DELETE FROM refresh_tokens
            WHERE organization = \(owner) AND session = \(session) AND generation < \(generation - 1)
            """)
    }

    /// Which token of a session has a hash.
    static func presented(
        _ hash: [UInt8], of session: SessionRow, in tx: borrowing Transaction
    ) throws -> PresentedToken {
        let generation = try tx.value(
            Int64.self,
            """
            SELECT generation FROM refresh_tokens
            WHERE organization = \(tx.owner(session.organization)) AND session = \(session.id)
                AND hash = \(hash)
            """)
        guard let generation else { return .older }
        if generation == session.state.generation { return .newest }
        return generation == session.state.generation - 1 ? .predecessor : .older
    }
}
