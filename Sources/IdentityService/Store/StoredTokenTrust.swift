import Foundation
import IdentityContract
import Persistence
import SwiftProtobuf

/// What the tables of token keys and revocations say.
struct StoredTokenTrust: TokenTrust {
    let issuer: String
    let audience: String

    func keys(in tx: borrowing Transaction) throws -> [Datavault_Identity_V1_AccessTokenKey] {
        try TokenKeyStore.all(in: tx).map { key in
            .with {
                $0.id = key.id
                $0.publicKey = Data(key.publicKey)
            }
        }
    }

    private static let columns: SQL = "id, organization, session, user_id, issued_before_ms, until_ms"

    func revocations(
        after id: Int64, count: Int, nowMilliseconds: Int64, in tx: borrowing Transaction
    ) throws -> [(id: Int64, revocation: Datavault_Identity_V1_TokenRevocation)] {
        try tx.all(
            TokenRevocationRow.self,
            """
            SELECT \(Self.columns) FROM token_revocations WHERE id > \(id) AND until_ms > \(nowMilliseconds)
            ORDER BY id LIMIT \(count)
            """
        ).map { (id: $0.id, revocation: Self.message($0)) }
    }

    func revocations(
        _ ids: Set<Int64>, nowMilliseconds: Int64, in tx: borrowing Transaction
    ) throws -> [Datavault_Identity_V1_TokenRevocation] {
        var found: [Datavault_Identity_V1_TokenRevocation] = []
        var rest = ids.sorted()[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(Self.chunk))
            rest = rest.dropFirst(Self.chunk)
            found += try tx.all(
                TokenRevocationRow.self,
                """
                SELECT \(Self.columns) FROM token_revocations
                WHERE id IN (\(SQL.list(chunk))) AND until_ms > \(nowMilliseconds) ORDER BY id
                """
            ).map(Self.message)
        }
        return found
    }

    /// Revocations that one statement names.
    private static let chunk = 200

    private static func message(_ row: TokenRevocationRow) -> Datavault_Identity_V1_TokenRevocation {
        .with {
            if let session = row.session { $0.session = session } else { $0.user = row.user.rawValue }
            $0.issuedBeforeMs = row.issuedBefore
            $0.untilMs = row.until
        }
    }
}

extension CredentialChanges {
    /// Tells gateways of a revocation, an entry of `token_revocations`, in the transaction that makes it.
    func noteRevocation(_ id: Int64, of organization: OrganizationID, in tx: borrowing Transaction) throws {
        try note(.revocation(id), of: organization, in: tx)
    }

    /// Tells gateways that a key of access tokens was made or forgotten. In a transaction of the system.
    func noteTokenKeys(in tx: borrowing Transaction) throws { try note(.tokenKeys, in: tx) }
}
