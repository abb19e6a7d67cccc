import Foundation
import Persistence
import ServiceKit

extension SystemReason {
    static let resealSecrets = SystemReason("seal secrets with the new root key")
}

/// Seals with a ring's present key what its former one has sealed: signing secrets, keys of access tokens, kept replies.
///
/// A batch at a time, each in a transaction; what is done is not found again, so that it may be ended anywhere and begun
/// anew, also while Identity runs.
enum RootKeyReseal {
    /// Texts that one transaction seals.
    private static let batch = 200

    private struct Sealed: RowDecodable {
        let organization, key, id: String
        let material: [UInt8]

        init(row: Row) throws {
            (organization, key) = (try row["organization"], try row["key"])
            (id, material) = (try row["id"], try row["material"])
        }
    }

    /// - Returns: How many texts were sealed anew.
    static func perform(_ store: Store, _ ring: RootKeyRing) async throws -> Int {
        let vault = SecretVault(ring)
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        try await store.system(.resealSecrets).write { tx in try VaultStore.verify(vault, now: now, in: tx) }
        var count = try await Replay.reseal(store, ring)
        count += try await tokenKeys(store, ring)
        while true {
            let done = try await signingSecrets(store, vault)
            count += done
            if done < batch { break }
        }
        try await store.system(.resealSecrets).write { tx in
            for id in vault.otherRootKeyIDs { try VaultStore.forget(id, in: tx) }
        }
        return count
    }

    private static func signingSecrets(_ store: Store, _ vault: SecretVault) async throws -> Int {
        try await store.system(.resealSecrets).write { tx in
            let rows = try tx.all(
                Sealed.self,
                """
                SELECT organization, key, id, material FROM api_key_secrets
                WHERE kind = 'signing' AND root_key <> \(vault.rootKeyID) LIMIT \(batch)
                """)
            for row in rows {
                let material = try vault.reseal(row.material, at: [row.key, row.id]) ?? row.material
                try tx.run(
                    """
                    UPDATE api_key_secrets SET material = \(material), root_key = \(vault.rootKeyID)
                    WHERE organization = \(row.organization) AND id = \(row.id)
                    """)
            }
            return rows.count
        }
    }

    /// There are some three of them.
    private static func tokenKeys(_ store: Store, _ ring: RootKeyRing) async throws -> Int {
        let sealer = TokenKeySealer(rootKey: ring.current, former: ring.others)
        return try await store.system(.resealSecrets).write { tx in
            var count = 0
            for key in try TokenKeyStore.all(in: tx) {
                guard let sealed = try sealer.reseal(key.sealedPrivateKey, of: key.id) else { continue }
                try tx.run("UPDATE token_keys SET sealed_private_key = \(sealed) WHERE id = \(key.id)")
                count += 1
            }
            return count
        }
    }
}
