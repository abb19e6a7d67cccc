import Foundation
import IdentityContract
import Logging
import Persistence
import SwiftProtobuf

/// An event's content, for any stream.
typealias CredentialPayload = Datavault_Identity_V1_CredentialEvent.OneOf_Event

/// Reads what gateways are to know, as it is in the transaction's state of the store. In transactions of the system.
struct CredentialReader: Sendable {
    let vault: SecretVault
    let permissions: Permissions
    let logger: Logger

    /// Subjects that one statement names.
    private static let chunk = 200

    /// A key with what its owner may do.
    private struct OwnedKey: RowDecodable {
        let key: ApiKey
        let ownerState: User.State?
        let roles: MemberRoles?
        let isOperator: Bool?

        static let columns: SQL = """
            api_keys.id AS id, api_keys.organization AS organization, api_keys.display_name AS display_name, prefix,
            owner, scopes, api_keys.allowed_networks AS allowed_networks, expires_at, revoked_at,
            api_keys.created_at AS created_at, api_keys.updated_at AS updated_at, last_used_at,
            api_keys.version AS version, users.state AS owner_state, members.roles AS roles, is_operator
            """
        static let tables: SQL = """
            api_keys
            LEFT JOIN users ON users.organization = api_keys.organization AND users.id = api_keys.owner
            LEFT JOIN members ON members.organization = api_keys.organization AND members.user_id = api_keys.owner
            LEFT JOIN organizations ON organizations.id = api_keys.organization
            """

        init(row: Row) throws {
            key = try ApiKey(row: row)
            ownerState = try row["owner_state"]
            let roles: Int64? = try row["roles"]
            self.roles = roles.map { MemberRoles(rawValue: $0) }
            isOperator = try row["is_operator"]
        }

        /// Nil for an owner who may do nothing: the key does not work.
        func owned(_ permissions: Permissions) -> Set<String>? {
            guard ownerState == .active, let roles else { return nil }
            return permissions.granted(to: roles, isOperator: isOperator ?? false)
        }
    }

    /// Working keys after an identifier, in the order of identifiers.
    ///
    /// - Returns: The events, and the last identifier that was looked at; nil after the last page.
    func keys(
        after id: String, count: Int, now: Int64, in tx: borrowing Transaction
    ) throws -> (events: [CredentialPayload], last: String?) {
        let rows = try tx.all(
            OwnedKey.self,
            """
            SELECT \(OwnedKey.columns) FROM \(OwnedKey.tables)
            WHERE api_keys.id > \(id) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > \(now))
            ORDER BY api_keys.id LIMIT \(count)
            """)
        let events = try events(rows, now: now, in: tx).filter { if case .apiKeyRemoved = $0 { false } else { true } }
        return (events, rows.count == count ? rows.last?.key.id : nil)
    }

    /// What has become of keys: those that do not work, and those that are not there, are told as removed.
    func keys(_ ids: Set<String>, now: Int64, in tx: borrowing Transaction) throws -> [CredentialPayload] {
        var found: [CredentialPayload] = []
        var rest = ids.sorted()[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(Self.chunk))
            rest = rest.dropFirst(Self.chunk)
            let rows = try tx.all(
                OwnedKey.self,
                "SELECT \(OwnedKey.columns) FROM \(OwnedKey.tables) WHERE api_keys.id IN (\(SQL.list(chunk)))")
            found += try events(rows, now: now, in: tx)
            found += Set(chunk).subtracting(rows.map(\.key.id)).sorted().map { .apiKeyRemoved($0) }
        }
        return found
    }

    /// The keys of users.
    func keyIDs(of owners: Set<UserID>, in tx: borrowing Transaction) throws -> Set<String> {
        var ids: Set<String> = []
        var rest = owners.map(\.rawValue).sorted()[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(Self.chunk))
            rest = rest.dropFirst(Self.chunk)
            try tx.forEach(
                Identifier.self, "SELECT id FROM api_keys WHERE owner IN (\(SQL.list(chunk)))"
            ) { ids.insert($0.id) }
        }
        return ids
    }

    private struct Identifier: RowDecodable {
        let id: String
        init(row: Row) throws { id = try row["id"] }
    }

    private func events(
        _ rows: [OwnedKey], now: Int64, in tx: borrowing Transaction
    ) throws -> [CredentialPayload] {
        let working = rows.filter { $0.key.state(at: now) == .active && $0.owned(permissions) != nil }
        let secrets = try ApiKeySecretStore.working(of: working.map(\.key.id), now: now, in: tx)
        return rows.map { row in
            guard row.key.state(at: now) == .active,
                let scopes = ApiKeyRules.permissions(scopes: row.key.scopes, owned: row.owned(permissions))
            else { return .apiKeyRemoved(row.key.id) }
            return .apiKey(credential(row.key, scopes, secrets[row.key.id] ?? []))
        }
    }

    private func credential(
        _ key: ApiKey, _ scopes: [String], _ secrets: [ApiKeySecret]
    ) -> Datavault_Identity_V1_ApiKeyCredential {
        .with {
            $0.id = key.id
            $0.organization = key.organization.rawValue
            $0.permissions = scopes
            $0.allowedNetworks = key.allowedNetworks
            $0.expiresAtMs = Self.end(key.expiresAt)
            for secret in secrets {
                switch secret.kind {
                case .secret:
                    $0.secrets.append(
                        .with {
                            $0.id = secret.id
                            $0.hash = Data(secret.material)
                            $0.expiresAtMs = Self.end(secret.expiresAt)
                        })
                case .signing:
                    guard let bytes = signingSecret(secret) else { continue }
                    $0.signingSecrets.append(
                        .with {
                            $0.id = secret.id
                            $0.secret = Data(bytes)
                            $0.expiresAtMs = Self.end(secret.expiresAt)
                        })
                }
            }
        }
    }

    /// One that cannot be opened is left out: the others of its key and all other keys go on working.
    private func signingSecret(_ secret: ApiKeySecret) -> [UInt8]? {
        do { return try ApiKeyMaker.signingSecret(secret, vault) } catch {
            logger.error(
                "a signing secret cannot be opened",
                metadata: ["api_key": "\(secret.key)", "id": "\(secret.id)", "error": "\(error)"])
            return nil
        }
    }

    private static func end(_ time: Int64?) -> Int64 { time.map { max($0 / 1_000, 1) } ?? 0 }

    // MARK: Networks

    /// Restricted organizations after an identifier. Those that may come from anywhere need no word.
    func networks(
        after id: String, count: Int, in tx: borrowing Transaction
    ) throws -> (events: [CredentialPayload], last: String?) {
        let rows = try tx.all(
            Restriction.self,
            """
            SELECT id, allowed_networks FROM organizations WHERE id > \(id) AND allowed_networks <> ''
            ORDER BY id LIMIT \(count)
            """)
        return (rows.map(\.event), rows.count == count ? rows.last?.id : nil)
    }

    /// The networks of organizations; of one that is gone, none.
    func networks(of organizations: Set<OrganizationID>, in tx: borrowing Transaction) throws -> [CredentialPayload] {
        try organizations.map(\.rawValue).sorted().compactMap { id in
            try tx.optional(
                Restriction.self, "SELECT id, allowed_networks FROM organizations WHERE id = \(id)")?.event
        }
    }

    private struct Restriction: RowDecodable {
        let id: String
        let networks: [String]

        init(row: Row) throws {
            id = try row["id"]
            let text: String = try row["allowed_networks"]
            networks = text.split(separator: " ").map(String.init)
        }

        var event: CredentialPayload {
            .networks(
                .with {
                    $0.organization = id
                    $0.allowedNetworks = networks
                })
        }
    }
}
