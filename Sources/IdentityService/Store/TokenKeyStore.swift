import Persistence

extension TokenKey: RowDecodable {
    init(row: Row) throws {
        self.init(
            id: try row["id"], number: try row["number"], publicKey: try row["public_key"],
            sealedPrivateKey: try row["sealed_private_key"], createdAt: try row["created_at"],
            activeAt: try row["active_at"], retiredAt: try row["retired_at"], expiresAt: try row["expires_at"])
    }
}

extension SystemReason {
    static let tokenKeys = SystemReason("make, read and forget the keys that access tokens are signed with")
}

/// The table of keys that access tokens are signed with: the installation's, hence of no organization.
struct TokenKeyStore: Sendable {
    let store: Store

    static let migration = Migration(
        "identity 022 token keys",
        up: [
            .sql(
                """
                CREATE TABLE token_keys (
                    number BIGINT PRIMARY KEY, id TEXT NOT NULL, public_key BYTEA NOT NULL,
                    sealed_private_key BYTEA NOT NULL, created_at BIGINT NOT NULL, active_at BIGINT NOT NULL,
                    retired_at BIGINT NOT NULL, expires_at BIGINT NOT NULL
                )
                """),
            .expose("token_keys", as: .readWrite),
        ],
        down: [.sql("DROP TABLE token_keys")])

    /// All keys that are published, the oldest first. For whoever tells gateways: the private halves stay sealed.
    static func all(in tx: borrowing Transaction) throws -> [TokenKey] {
        try tx.all(
            TokenKey.self,
            """
            SELECT id, number, public_key, sealed_private_key, created_at, active_at, retired_at, expires_at
            FROM token_keys ORDER BY number
            """)
    }

    /// As `all(in:)`, in a transaction of its own.
    func all() async throws -> [TokenKey] {
        try await store.system(.tokenKeys).read { tx in try Self.all(in: tx) }
    }

    /// Does what the schedule says is due, unless another instance has: keys are numbered, and a number is given once.
    ///
    /// - Returns: All keys after that.
    func advance(
        _ schedule: TokenKeySchedule, _ sealer: TokenKeySealer, news: TokenNews = TokenNews(), now: Int64
    ) async throws -> [TokenKey] {
        let present = try await all()
        // To look costs no write, and nearly always there is nothing to do.
        guard !schedule.steps(present, now: now).isEmpty else { return present }
        return try await store.system(.tokenKeys).write { tx in
            let known = try Self.all(in: tx)
            let steps = schedule.steps(known, now: now)
            var changes: [TokenKeyChange] = []
            for step in steps {
                switch step {
                case .forget(let id):
                    let count = try tx.run("DELETE FROM token_keys WHERE id = \(id)")
                    if count == 1, let key = known.first(where: { $0.id == id }) { changes.append(.forgotten(key)) }
                case .make(let number, let activeAt, let retiredAt, let expiresAt):
                    let key = try sealer.make(
                        number: number, createdAt: now, activeAt: activeAt, retiredAt: retiredAt, expiresAt: expiresAt)
                    let count = try tx.run(
                        """
                        INSERT INTO token_keys (number, id, public_key, sealed_private_key, created_at, active_at,
                            retired_at, expires_at)
                        VALUES (\(key.number), \(key.id), \(key.publicKey), \(key.sealedPrivateKey), \(key.createdAt),
                            \(key.activeAt), \(key.retiredAt), \(key.expiresAt))
                        ON CONFLICT (number) DO NOTHING
                        """)
                    if count == 1 { changes.append(.made(key)) }
                }
            }
            if !changes.isEmpty { try news.tokenKeys(changes, tx) }
            return try Self.all(in: tx)
        }
    }
}
