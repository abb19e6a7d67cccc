import Crypto
import Persistence
import ServiceKit

/// A key that a person's values are encrypted under.
struct SubjectKey: Sendable {
    let id: [UInt8]
    let key: SymmetricKey
}

/// The table of persons' keys: the one place that they lie in, sealed under the root key. It is backed up apart from the
/// log, or an erased key would come back.
struct SubjectKeys: Sendable {
    private static let keySize = 32

    private struct Stored: RowDecodable {
        let subject: String
        let id, sealed: [UInt8]

        init(row: Row) throws { (subject, id, sealed) = (try row["subject"], try row["key_id"], try row["sealed"]) }
    }

    private let sealer: Sealer

    init(_ ring: RootKeyRing) {
        sealer = Sealer("datavault audit subject keys, v1", rootKey: ring.current, former: ring.others)
    }

    /// Of a root key that was never rotated.
    init(rootKey: SymmetricKey) { self.init(RootKeyRing(rootKey)) }

    /// Seals with the present root key what another one has sealed; nil if there is nothing to do.
    func reseal(_ sealed: [UInt8], of subject: String, _ id: [UInt8], _ log: LogName) throws -> [UInt8]? {
        try sealer.reseal(sealed, at: Self.place(log, subject, id))
    }

    /// The keys of subjects that have one.
    func read(
        _ subjects: Set<String>, _ log: LogName, in tx: borrowing Transaction
    ) throws -> [String: SubjectKey] {
        var result: [String: SubjectKey] = [:]
        for chunk in Chunk.split(subjects.sorted()) {
            let rows = try tx.all(
                Stored.self,
                """
                SELECT subject, key_id, sealed FROM audit_subject_keys
                WHERE organization = \(try log.sql(in: tx)) AND subject IN (\(SQL.list(chunk)))
                """)
            for row in rows { result[row.subject] = try open(row, log) }
        }
        return result
    }

    /// The keys of subjects, made for those that have none. The log is locked.
    func ensure(
        _ subjects: Set<String>, _ log: LogName, now: Int64, in tx: borrowing Transaction
    ) throws -> [String: SubjectKey] {
        var keys = try read(subjects, log, in: tx)
        for subject in subjects.sorted() where keys[subject] == nil {
            let (id, key) = (RandomBytes.make(SealedPersonalValue.keyIDSize), RandomBytes.make(Self.keySize))
            let sealed = try sealer.seal(key, at: Self.place(log, subject, id))
            try tx.run(
                """
                INSERT INTO audit_subject_keys (organization, subject, key_id, sealed, created_at)
                VALUES (\(try log.sql(in: tx)), \(subject), \(id), \(sealed), \(now))
                """)
            keys[subject] = SubjectKey(id: id, key: SymmetricKey(data: key))
        }
        return keys
    }

    /// Erases a subject's key.
    ///
    /// - Returns: Whether there was one.
    static func erase(_ subject: String, _ log: LogName, in tx: borrowing Transaction) throws -> Bool {
        try tx.run(
            """
            DELETE FROM audit_subject_keys WHERE organization = \(try log.sql(in: tx)) AND subject = \(subject)
            """) > 0
    }

    private func open(_ row: Stored, _ log: LogName) throws -> SubjectKey {
        SubjectKey(
            id: row.id,
            key: SymmetricKey(data: try sealer.open(row.sealed, at: Self.place(log, row.subject, row.id))))
    }

    private static func place(_ log: LogName, _ subject: String, _ id: [UInt8]) -> [String] {
        ["audit_subject_keys", log.organization, subject, Hexadecimal.text(id)]
    }
}

/// Lists in pieces that a statement takes.
enum Chunk {
    static let size = 200

    static func split<Element>(_ elements: [Element]) -> [ArraySlice<Element>] {
        stride(from: 0, to: elements.count, by: size).map { elements[$0..<min($0 + size, elements.count)] }
    }
}

/// Bytes of the system's generator.
enum RandomBytes {
    static func make(_ count: Int) -> [UInt8] {
        // Eight at a time: each call of the generator is one of the system.
        var (generator, bytes) = (SystemRandomNumberGenerator(), [UInt8]())
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            let word = generator.next()
            for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return Array(bytes.prefix(count))
    }
}
