import Persistence
import ServiceKit
import Synchronization

extension SystemReason {
    static let checkRootKey = SystemReason(
        "check that the root key is the one that the store's secrets are sealed with")
}

/// The table of canaries, one for each root key, and the check of the process's own.
final class VaultStore: Sendable {
    private let store: Store
    let vault: SecretVault
    private let now: @Sendable () -> Int64
    private let isChecked = Mutex(false)

    init(store: Store, vault: SecretVault, now: @escaping @Sendable () -> Int64) {
        (self.store, self.vault, self.now) = (store, vault, now)
    }

    static let migrations = [
        Migration(
            "identity 041 root keys",
            up: [
                .sql(
                    """
                    CREATE TABLE vault_root_keys (
                        id TEXT PRIMARY KEY, canary BYTEA NOT NULL, created_at BIGINT NOT NULL
                    )
                    """),
                .expose("vault_root_keys", as: .readWrite),
            ],
            down: [.sql("DROP TABLE vault_root_keys")])
    ]

    /// Whether secrets may be sealed and opened; asks the store until they may, then no more.
    ///
    /// - Throws: `VaultError` if the root key is the wrong one; `StoreError`.
    func verify() async throws {
        guard !isChecked.withLock({ $0 }) else { return }
        let (vault, now) = (vault, now())
        try await store.system(.checkRootKey).write { tx in try Self.verify(vault, now: now, in: tx) }
        isChecked.withLock { $0 = true }
    }

    /// The same within a transaction of the system: the first root key that a store sees becomes its own.
    static func verify(_ vault: SecretVault, now: Int64, in tx: borrowing Transaction) throws {
        let canaries = try tx.all(Canary.self, "SELECT id, canary FROM vault_root_keys ORDER BY created_at")
        if let own = canaries.first(where: { $0.id == vault.rootKeyID }) { return try vault.check(canary: own.canary) }
        if !canaries.isEmpty {
            // In a rotation the store's own is one that opens besides, and comes to be of both.
            if let known = canaries.first(where: { vault.otherRootKeyIDs.contains($0.id) }) {
                try vault.check(canary: known.canary)
                return try insert(vault, now: now, in: tx)
            }
            let others = canaries.map(\.id).joined(separator: ", ")
            throw VaultError.wrongRootKey(vault.rootKeyID, reason: "that is \(others)")
        }
        try insert(vault, now: now, in: tx)
    }

    private static func insert(_ vault: SecretVault, now: Int64, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO vault_root_keys (id, canary, created_at)
            VALUES (\(vault.rootKeyID), \(try vault.canary()), \(now)) ON CONFLICT (id) DO NOTHING
            """)
    }

    /// Forgets a root key that nothing is sealed with any more: whoever still has it alone is told so at its start.
    static func forget(_ rootKeyID: String, in tx: borrowing Transaction) throws {
        try tx.run("DELETE FROM vault_root_keys WHERE id = \(rootKeyID)")
    }

    /// For the role's readiness: says which setting is wrong.
    var check: ReadinessCheck {
        ReadinessCheck("root key") { [self] in try await verify() }
    }

    private struct Canary: RowDecodable {
        let id: String
        let canary: [UInt8]

        init(row: Row) throws { (id, canary) = (try row["id"], try row["canary"]) }
    }
}
