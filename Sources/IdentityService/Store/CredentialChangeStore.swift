import Persistence
import ServiceKit

/// Something of which gateways and roles have to be told. It names what has changed, not what it is now: whoever tells of
/// it reads that, so the latest state is told, whatever the order in which changes are noticed.
enum CredentialChange: Sendable, Hashable {
    /// A key, or its secrets.
    case key(String)
    /// What a user may do, hence what all the user's keys may.
    case owner(UserID)
    /// An organization's networks.
    case networks(OrganizationID)
    /// An entry of `token_revocations`.
    case revocation(Int64)
    /// The keys that access tokens are signed with.
    case tokenKeys
    /// The keys that principals are signed with.
    case principalKeys

    fileprivate var columns: (kind: String, subject: String) {
        switch self {
        case .key(let id): ("key", id)
        case .owner(let user): ("owner", user.rawValue)
        case .networks(let organization): ("networks", organization.rawValue)
        case .revocation(let id): ("revocation", "\(id)")
        case .tokenKeys: ("token-keys", "")
        case .principalKeys: ("principal-keys", "")
        }
    }

    fileprivate init?(kind: String, subject: String) {
        switch kind {
        case "key": self = .key(subject)
        case "owner": self = .owner(UserID(subject))
        case "networks": self = .networks(OrganizationID(subject))
        case "revocation":
            guard let id = Int64(subject) else { return nil }
            self = .revocation(id)
        case "token-keys": self = .tokenKeys
        case "principal-keys": self = .principalKeys
        default: return nil
        }
    }
}

/// Writes changes in the transactions that make them, and wakes whoever tells of them in this process.
struct CredentialChanges: Sendable {
    /// Rings after each commit with a change.
    let bell: Wakeup
    /// Microseconds since 1970.
    let now: @Sendable () -> Int64

    /// - Parameter organization: Whose it is; nil: the installation's.
    func note(
        _ change: CredentialChange, of organization: OrganizationID? = nil, in tx: borrowing Transaction
    ) throws {
        let (kind, subject) = change.columns
        try tx.run(
            """
            INSERT INTO credential_changes (organization, kind, subject, created_at)
            VALUES (\(try tx.owner(organization ?? OrganizationID(""))), \(kind), \(subject), \(now()))
            """)
        tx.afterCommit { [bell] in bell.wake() }
    }
}

/// Up to where changes have been read.
struct ChangePosition: Sendable, Hashable {
    /// SQLite: a row's number. PostgreSQL: a snapshot.
    let text: String
}

/// The table of changes.
///
/// On SQLite transactions commit one after the other, so the rows' numbers are in the order of the commits. On PostgreSQL
/// a smaller number can be committed after a larger one, and who remembers the largest would miss it for ever. There a
/// position is a snapshot, and what is new are the rows of transactions that it does not see: each is found by the first
/// look after its commit, with no lock, and whatever other transactions are open meanwhile.
enum CredentialChangeStore {
    static let migrations = [
        Migration(
            "identity 044 changes of credentials",
            up: [
                .sql(
                    sqlite: """
                        CREATE TABLE credential_changes (
                            id INTEGER PRIMARY KEY AUTOINCREMENT, organization TEXT NOT NULL, kind TEXT NOT NULL,
                            subject TEXT NOT NULL, created_at BIGINT NOT NULL
                        );
                        CREATE INDEX credential_changes_by_age ON credential_changes (created_at)
                        """,
                    postgres: """
                        CREATE TABLE credential_changes (
                            id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organization TEXT NOT NULL,
                            kind TEXT NOT NULL, subject TEXT NOT NULL, created_at BIGINT NOT NULL,
                            transaction BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)
                        );
                        CREATE INDEX credential_changes_by_age ON credential_changes (created_at);
                        CREATE INDEX credential_changes_by_transaction ON credential_changes (transaction)
                        """),
                .isolate("credential_changes"),
                .expose("credential_changes", as: .readWrite),
            ],
            down: [.sql("DROP TABLE credential_changes")])
    ]

    /// The position of this transaction, which reads one state of the store.
    static func position(_ kind: Store.Kind, in tx: borrowing Transaction) throws -> ChangePosition {
        let text: String? =
            switch kind {
            case .sqlite: "\(try tx.value(Int64?.self, "SELECT max(id) FROM credential_changes").flatMap { $0 } ?? 0)"
            case .postgres: try tx.value(String.self, "SELECT pg_current_snapshot()::text")
            }
        return ChangePosition(text: text ?? "")
    }

    /// What has been committed since a position, each change once.
    ///
    /// - Parameter maximum: Nil is returned for more than these.
    static func changes(
        after position: ChangePosition, _ kind: Store.Kind, maximum: Int, in tx: borrowing Transaction
    ) throws -> Set<CredentialChange>? {
        let isNew: SQL =
            switch kind {
            case .sqlite: "id > \(Int64(position.text) ?? 0)"
            case .postgres:
                """
                transaction >= pg_snapshot_xmin(\(position.text)::pg_snapshot)::text::bigint
                AND NOT pg_visible_in_snapshot(transaction::text::xid8, \(position.text)::pg_snapshot)
                """
            }
        let rows = try tx.all(
            ChangeRow.self,
            "SELECT kind, subject FROM credential_changes WHERE \(isNew) ORDER BY id LIMIT \(maximum + 1)")
        guard rows.count <= maximum else { return nil }
        return Set(rows.compactMap { CredentialChange(kind: $0.kind, subject: $0.subject) })
    }

    /// Removes what everyone has read long ago, a batch at a time.
    ///
    /// - Returns: How many.
    static func remove(before time: Int64, batch: Int, in tx: borrowing Transaction) throws -> Int {
        try tx.run(
            """
            DELETE FROM credential_changes WHERE id IN (
                SELECT id FROM credential_changes WHERE created_at < \(time) ORDER BY created_at LIMIT \(batch)
            )
            """)
    }

    private struct ChangeRow: RowDecodable {
        let kind: String
        let subject: String

        init(row: Row) throws { (kind, subject) = (try row["kind"], try row["subject"]) }
    }
}
