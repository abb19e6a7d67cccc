import Crypto
import Foundation
import Persistence
import ServiceKit

/// A key that checkpoints are, or were, signed with.
struct LogKeyRow: Sendable, RowDecodable {
    let id, name: String
    let publicKey, sealed: [UInt8]
    /// In microseconds since 1970.
    let createdAt: Int64
    let retiredAt: Int64?

    static let columns: SQL = "id, name, public_key, sealed, created_at, retired_at"

    init(row: Row) throws {
        (id, name, publicKey) = (try row["id"], try row["name"], try row["public_key"])
        (sealed, createdAt, retiredAt) = (try row["sealed"], try row["created_at"], try row["retired_at"])
    }
}

/// The table of keys that checkpoints are signed with: one at a time, sealed under the root key.
struct LogKeyStore: Sendable {
    /// Who signs, in checkpoints.
    let name: String
    private let sealer: Sealer

    init(name: String, _ ring: RootKeyRing) {
        self.name = name
        sealer = Sealer("datavault audit log keys, v1", rootKey: ring.current, former: ring.others)
    }

    /// Of a root key that was never rotated.
    init(name: String, rootKey: SymmetricKey) { self.init(name: name, RootKeyRing(rootKey)) }

    /// Seals with the present root key what another one has sealed; nil if there is nothing to do.
    func reseal(_ row: LogKeyRow) throws -> [UInt8]? { try sealer.reseal(row.sealed, at: place(row.id)) }

    /// The present key; nil before the first start has made it.
    static func current(in tx: borrowing Transaction) throws -> LogKeyRow? {
        try tx.optional(
            LogKeyRow.self, "SELECT \(LogKeyRow.columns) FROM audit_log_keys WHERE is_current = \(true)")
    }

    /// All keys, the newest first.
    static func all(in tx: borrowing Transaction) throws -> [LogKeyRow] {
        try tx.all(
            LogKeyRow.self,
            "SELECT \(LogKeyRow.columns) FROM audit_log_keys ORDER BY created_at DESC, id LIMIT \(maximumKeys)")
    }

    /// Keys that are listed.
    static let maximumKeys = 1_000

    /// Makes a key that signs from now on, and retires the present one.
    func rotate(now: Int64, in tx: borrowing Transaction) throws -> LogKeyRow {
        let key = Curve25519.Signing.PrivateKey()
        let id = VerifierKey(name: name, publicKey: key.publicKey).identifier
        let (publicKey, sealed) = (
            Array(key.publicKey.rawRepresentation), try sealer.seal(Array(key.rawRepresentation), at: place(id))
        )
        let none: Bool? = nil
        try tx.run("UPDATE audit_log_keys SET is_current = \(none), retired_at = \(now) WHERE is_current = \(true)")
        try tx.run(
            """
            INSERT INTO audit_log_keys (id, name, public_key, sealed, created_at, retired_at, is_current)
            VALUES (\(id), \(name), \(publicKey), \(sealed), \(now), NULL, \(true))
            """)
        guard let made = try Self.current(in: tx) else { throw StoreError(.unexpected, "the new key is not there") }
        return made
    }

    /// Signs what a log is.
    func sign(_ log: LogName, _ frontier: MerkleFrontier, with row: LogKeyRow, now: Int64) throws -> SignedCheckpoint {
        let key = try Curve25519.Signing.PrivateKey(
            rawRepresentation: try sealer.open(row.sealed, at: place(row.id)))
        return try SignedCheckpoint(
            origin: log.origin(under: name), size: frontier.size, root: frontier.root, time: now / 1_000_000,
            name: row.name, key: key)
    }

    private func place(_ id: String) -> [String] { ["audit_log_keys", id] }
}
