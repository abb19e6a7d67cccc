import Persistence

extension ApiKey: RowDecodable {
    static let columns: SQL = """
        id, organization, display_name, prefix, owner, scopes, allowed_networks, expires_at, revoked_at, created_at, \
        updated_at, last_used_at, version
        """

    init(row: Row) throws {
        let (organization, owner): (String, String) = (try row["organization"], try row["owner"])
        let (scopes, networks): (String, String) = (try row["scopes"], try row["allowed_networks"])
        self.init(
            id: try row["id"], organization: OrganizationID(organization), displayName: try row["display_name"],
            prefix: try row["prefix"], owner: UserID(owner), scopes: ApiKeyStore.list(scopes),
            allowedNetworks: ApiKeyStore.list(networks), expiresAt: try row["expires_at"],
            revokedAt: try row["revoked_at"], createdAt: try row["created_at"], updatedAt: try row["updated_at"],
            lastUsedAt: try row["last_used_at"], version: try row["version"])
    }
}

/// The table of keys. Statements bind the organization in scoped transactions and in the system's.
enum ApiKeyStore {
    static let migrations = [
        Migration(
            "identity 042 api keys",
            up: [
                // Lists are words with blanks between: neither permissions nor networks hold any.
                .sql(
                    """
                    CREATE TABLE api_keys (
                        organization TEXT NOT NULL, id TEXT PRIMARY KEY, display_name TEXT NOT NULL,
                        prefix TEXT NOT NULL, owner TEXT NOT NULL, scopes TEXT NOT NULL,
                        allowed_networks TEXT NOT NULL, expires_at BIGINT, revoked_at BIGINT,
                        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, last_used_at BIGINT,
                        version BIGINT NOT NULL
                    );
                    CREATE INDEX api_keys_by_time ON api_keys (organization, created_at, id);
                    CREATE INDEX api_keys_by_owner ON api_keys (owner)
                    """),
                .isolate("api_keys"),
                .expose("api_keys", as: .readWrite),
            ],
            down: [.sql("DROP TABLE api_keys")])
    ]

    fileprivate static func list(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    static func insert(_ key: ApiKey, in tx: borrowing Transaction) throws {
        let (scopes, networks) = (key.scopes.joined(separator: " "), key.allowedNetworks.joined(separator: " "))
        try tx.run(
            """
            INSERT INTO api_keys (organization, id, display_name, prefix, owner, scopes, allowed_networks, expires_at,
                revoked_at, created_at, updated_at, last_used_at, version)
            VALUES (\(tx.owner(key.organization)), \(key.id), \(key.displayName), \(key.prefix), \(key.owner.rawValue),
                \(scopes), \(networks), \(key.expiresAt), \(key.revokedAt), \(key.createdAt), \(key.updatedAt),
                \(key.lastUsedAt), \(key.version))
            """)
    }

    /// Writes what of a key can change, except its use.
    static func update(_ key: ApiKey, in tx: borrowing Transaction) throws {
        let (scopes, networks) = (key.scopes.joined(separator: " "), key.allowedNetworks.joined(separator: " "))
        try tx.run(
            """
            UPDATE api_keys SET display_name = \(key.displayName), prefix = \(key.prefix), scopes = \(scopes),
                allowed_networks = \(networks), expires_at = \(key.expiresAt), revoked_at = \(key.revokedAt),
                updated_at = \(key.updatedAt), version = \(key.version)
            WHERE organization = \(tx.owner(key.organization)) AND id = \(key.id)
            """)
    }

    static func key(_ id: String, of organization: OrganizationID, in tx: borrowing Transaction) throws -> ApiKey? {
        try tx.optional(
            ApiKey.self,
            "SELECT \(ApiKey.columns) FROM api_keys WHERE organization = \(tx.owner(organization)) AND id = \(id)")
    }

    /// Which keys a list has.
    struct Filter: Sendable {
        var owner: UserID?
        var state: ApiKey.State?

        fileprivate func condition(now: Int64) -> SQL {
            var parts: [SQL] = []
            if let owner { parts.append("AND owner = \(owner.rawValue)") }
            switch state {
            case .active: parts.append("AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > \(now))")
            case .expired: parts.append("AND revoked_at IS NULL AND expires_at <= \(now)")
            case .revoked: parts.append("AND revoked_at IS NOT NULL")
            case nil: break
            }
            return .joined(parts, separator: " ")
        }
    }

    /// Keys after a place, the newest first.
    static func keys(
        of organization: OrganizationID, _ filter: Filter, after place: PageToken?, count: Int, now: Int64,
        in tx: borrowing Transaction
    ) throws -> [ApiKey] {
        let (time, id) = (place?.time ?? .max, place?.id ?? "")
        return try tx.all(
            ApiKey.self,
            """
            SELECT \(ApiKey.columns) FROM api_keys
            WHERE organization = \(tx.owner(organization))
                AND (created_at < \(time) OR (created_at = \(time) AND id < \(id))) \(filter.condition(now: now))
            ORDER BY created_at DESC, id DESC LIMIT \(count)
            """)
    }

    /// How many keys of an organization work.
    static func count(of organization: OrganizationID, now: Int64, in tx: borrowing Transaction) throws -> Int {
        try tx.value(
            Int.self,
            """
            SELECT count(*) FROM api_keys
            WHERE organization = \(tx.owner(organization)) AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > \(now))
            """) ?? 0
    }

    /// Keys of a user that are not revoked.
    static func living(
        of owner: UserID, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws -> [ApiKey] {
        try tx.all(
            ApiKey.self,
            """
            SELECT \(ApiKey.columns) FROM api_keys
            WHERE organization = \(tx.owner(organization)) AND owner = \(owner.rawValue) AND revoked_at IS NULL
            """)
    }
}
