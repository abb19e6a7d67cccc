import Persistence

/// A key that a gateway signs principals with.
struct ListedPrincipalKey: Sendable, Hashable, RowDecodable {
    let id: String
    /// Ed25519, 32 bytes.
    let publicKey: [UInt8]
    /// SHA-256 of the gateway's certificate in hexadecimal; empty if it showed none.
    let fingerprint: String
    /// Microseconds since 1970.
    let expiresAt: Int64

    init(id: String, publicKey: [UInt8], fingerprint: String, expiresAt: Int64) {
        (self.id, self.publicKey, self.fingerprint, self.expiresAt) = (id, publicKey, fingerprint, expiresAt)
    }

    init(row: Row) throws {
        (id, publicKey) = (try row["id"], try row["public_key"])
        (fingerprint, expiresAt) = (try row["fingerprint"], try row["expires_at"])
    }
}

/// The table of keys that principals are signed with. The installation's, not any organization's.
enum PrincipalKeyStore {
    static let migrations = [
        Migration(
            "identity 045 principal keys",
            up: [
                .sql(
                    """
                    CREATE TABLE principal_keys (
                        id TEXT NOT NULL, fingerprint TEXT NOT NULL, public_key BYTEA NOT NULL,
                        created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
                        PRIMARY KEY (id, fingerprint)
                    );
                    CREATE INDEX principal_keys_by_end ON principal_keys (expires_at)
                    """),
                .expose("principal_keys", as: .readWrite),
            ],
            down: [.sql("DROP TABLE principal_keys")])
    ]

    /// Lists a key with a certificate, or lists it for longer. A key that goes with an earlier certificate, too, stays
    /// listed with that one until the earlier listing ends: calls go on over connections that it made.
    static func list(_ key: ListedPrincipalKey, now: Int64, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO principal_keys (id, fingerprint, public_key, created_at, expires_at)
            VALUES (\(key.id), \(key.fingerprint), \(key.publicKey), \(now), \(key.expiresAt))
            ON CONFLICT (id, fingerprint) DO UPDATE SET expires_at = excluded.expires_at
            """)
    }

    /// Whether a key is listed with its certificate already.
    static func isListed(_ key: ListedPrincipalKey, now: Int64, in tx: borrowing Transaction) throws -> Bool {
        try tx.value(
            Int.self,
            """
            SELECT count(*) FROM principal_keys
            WHERE id = \(key.id) AND fingerprint = \(key.fingerprint) AND expires_at > \(now)
            """) ?? 0 > 0
    }

    /// Listings that have not ended, the newest first.
    static func living(now: Int64, maximum: Int, in tx: borrowing Transaction) throws -> [ListedPrincipalKey] {
        try tx.all(
            ListedPrincipalKey.self,
            """
            SELECT id, public_key, fingerprint, expires_at FROM principal_keys WHERE expires_at > \(now)
            ORDER BY expires_at DESC, id, fingerprint LIMIT \(maximum)
            """)
    }

    /// How many other listings there are that have not ended.
    static func count(
        besides key: ListedPrincipalKey, now: Int64, in tx: borrowing Transaction
    ) throws -> Int {
        try tx.value(
            Int.self,
            """
            SELECT count(*) FROM principal_keys
            WHERE expires_at > \(now) AND NOT (id = \(key.id) AND fingerprint = \(key.fingerprint))
            """) ?? 0
    }

    static func removeEnded(now: Int64, in tx: borrowing Transaction) throws -> Int {
        try tx.run("DELETE FROM principal_keys WHERE expires_at <= \(now)")
    }
}
