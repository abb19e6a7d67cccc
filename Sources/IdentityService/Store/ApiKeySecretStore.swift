import Persistence

extension ApiKeySecret.Kind: SQLConvertible {}

extension ApiKeySecret: RowDecodable {
    static let columns: SQL = "id, key, kind, material, created_at, expires_at, last_used_at"

    init(row: Row) throws {
        self.init(
            id: try row["id"], key: try row["key"], kind: try row["kind"], material: try row["material"],
            createdAt: try row["created_at"], expiresAt: try row["expires_at"], lastUsedAt: try row["last_used_at"])
    }
}

/// The table of keys' secrets, of both kinds.
enum ApiKeySecretStore {
    static let migrations = [
        Migration(
            "identity 043 secrets of api keys",
            up: [
                .sql(
                    """
                    CREATE TABLE api_key_secrets (
                        organization TEXT NOT NULL, id TEXT PRIMARY KEY,
                        key TEXT NOT NULL CONSTRAINT api_key_secrets_key REFERENCES api_keys (id) ON DELETE CASCADE,
                        kind TEXT NOT NULL CONSTRAINT api_key_secrets_kind CHECK (kind IN ('secret', 'signing')),
                        material BYTEA NOT NULL, root_key TEXT, created_at BIGINT NOT NULL, expires_at BIGINT,
                        last_used_at BIGINT
                    );
                    CREATE INDEX api_key_secrets_by_key ON api_key_secrets (key, kind, created_at);
                    CREATE UNIQUE INDEX api_key_secrets_by_hash ON api_key_secrets (material) WHERE kind = 'secret';
                    CREATE INDEX api_key_secrets_by_end ON api_key_secrets (expires_at) WHERE expires_at IS NOT NULL
                    """),
                .isolate("api_key_secrets"),
                .expose("api_key_secrets", as: .readWrite),
            ],
            down: [.sql("DROP TABLE api_key_secrets")])
    ]

    /// - Parameter rootKey: The identifier of the root key that a signing secret is sealed with.
    static func insert(
        _ secret: ApiKeySecret, rootKey: String?, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws {
        try tx.run(
            """
            INSERT INTO api_key_secrets (organization, id, key, kind, material, root_key, created_at, expires_at,
                last_used_at)
            VALUES (\(tx.owner(organization)), \(secret.id), \(secret.key), \(secret.kind), \(secret.material),
                \(rootKey), \(secret.createdAt), \(secret.expiresAt), \(secret.lastUsedAt))
            """)
    }

    /// A key's secrets that work, the newest first.
    static func working(
        of key: String, of organization: OrganizationID, now: Int64, in tx: borrowing Transaction
    ) throws -> [ApiKeySecret] {
        try tx.all(
            ApiKeySecret.self,
            """
            SELECT \(ApiKeySecret.columns) FROM api_key_secrets
            WHERE organization = \(tx.owner(organization)) AND key = \(key)
                AND (expires_at IS NULL OR expires_at > \(now))
            ORDER BY created_at DESC, id DESC
            """)
    }

    /// Secrets of many keys that work, the newest of each first. In a transaction of an organization those of its keys.
    static func working(
        of keys: [String], now: Int64, organization: OrganizationID? = nil, in tx: borrowing Transaction
    ) throws -> [String: [ApiKeySecret]] {
        guard !keys.isEmpty else { return [:] }
        var scope: SQL = ""
        if let organization { scope = try "organization = \(tx.owner(organization)) AND" }
        var found: [String: [ApiKeySecret]] = [:]
        try tx.forEach(
            ApiKeySecret.self,
            """
            SELECT \(ApiKeySecret.columns) FROM api_key_secrets
            WHERE \(scope) key IN (\(SQL.list(keys))) AND (expires_at IS NULL OR expires_at > \(now))
            ORDER BY created_at DESC, id DESC
            """
        ) { found[$0.key, default: []].append($0) }
        return found
    }

    /// Sets when a secret ends.
    static func end(
        _ id: String, at time: Int64, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws {
        try tx.run(
            """
            UPDATE api_key_secrets SET expires_at = \(time)
            WHERE organization = \(tx.owner(organization)) AND id = \(id)
            """)
    }

    /// The key that a hash belongs to, if the secret works. In a transaction of the system.
    static func key(ofHash hash: [UInt8], now: Int64, in tx: borrowing Transaction) throws -> ApiKey? {
        try tx.optional(
            ApiKey.self,
            """
            SELECT \(ApiKey.columns) FROM api_keys WHERE id = (
                SELECT key FROM api_key_secrets
                WHERE kind = 'secret' AND material = \(hash) AND (expires_at IS NULL OR expires_at > \(now))
            )
            """)
    }

    /// Removes secrets that ended long ago, a batch at a time. In a transaction of the system.
    ///
    /// - Returns: How many.
    static func removeEnded(before time: Int64, batch: Int, in tx: borrowing Transaction) throws -> Int {
        try tx.run(
            """
            DELETE FROM api_key_secrets WHERE id IN (
                SELECT id FROM api_key_secrets WHERE expires_at < \(time) LIMIT \(batch)
            )
            """)
    }
}
