import Persistence
import ServiceKit

extension SystemReason {
    static let resealAuditKeys = SystemReason("seal the log's and persons' keys with the new root key")
}

/// Seals with a ring's present key what its former one has sealed: the log's signing keys, and persons' keys.
enum AuditKeyReseal {
    /// Keys that one transaction seals.
    private static let batch = 500

    private struct Sealed: RowDecodable {
        let organization, subject: String
        let id, sealed: [UInt8]

        init(row: Row) throws {
            (organization, subject) = (try row["organization"], try row["subject"])
            (id, sealed) = (try row["key_id"], try row["sealed"])
        }
    }

    /// - Returns: How many keys were sealed anew.
    static func perform(_ store: Store, _ ring: RootKeyRing) async throws -> Int {
        let (logKeys, subjects) = (LogKeyStore(name: "", ring), SubjectKeys(ring))
        var count = try await store.system(.resealAuditKeys).write { tx in
            var count = 0
            for row in try tx.all(LogKeyRow.self, "SELECT \(LogKeyRow.columns) FROM audit_log_keys") {
                guard let sealed = try logKeys.reseal(row) else { continue }
                try tx.run("UPDATE audit_log_keys SET sealed = \(sealed) WHERE id = \(row.id)")
                count += 1
            }
            return count
        }
        for former in ring.others {
            let head = Sealer.head(of: former)
            var last = 0
            repeat {
                last = try await store.system(.resealAuditKeys).write { tx in
                    let rows = try tx.all(
                        Sealed.self,
                        """
                        SELECT organization, subject, key_id, sealed FROM audit_subject_keys
                        WHERE substr(sealed, 1, \(head.count)) = \(head) LIMIT \(batch)
                        """)
                    for row in rows {
                        let log = LogName(organization: row.organization)
                        guard let sealed = try subjects.reseal(row.sealed, of: row.subject, row.id, log) else {
                            continue
                        }
                        try tx.run(
                            """
                            UPDATE audit_subject_keys SET sealed = \(sealed)
                            WHERE organization = \(row.organization) AND subject = \(row.subject)
                            """)
                    }
                    return rows.count
                }
                count += last
            } while last == batch
        }
        return count
    }
}
