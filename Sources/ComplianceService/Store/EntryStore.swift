import Foundation
import Persistence

/// An entry as the table has it.
struct EntryRow: Sendable, RowDecodable {
    let index: Int64
    let leaf: [UInt8]

    static let columns: SQL = "log_index, leaf"

    init(row: Row) throws { (index, leaf) = (try row["log_index"], try row["leaf"]) }
}

extension [EntryRow] {
    /// The first entries that fit into a message, at least one: leaves can be long, and a message has a bound.
    func fitting(_ bytes: Int = 1 << 20) -> ArraySlice<EntryRow> {
        var sum = 0
        let count = prefix { row in
            sum += row.leaf.count
            return sum <= bytes
        }.count
        return prefix(Swift.max(count, 1))
    }
}

/// Which entries a list shows.
struct EntryFilter: Sendable, Hashable {
    /// In microseconds since 1970: from the one, before the other.
    var start, end: Int64?
    var actor, action, resource: String?
    var isDenied: Bool?

    /// As page tokens are bound to it.
    var parts: [String] {
        [start.map { "\($0)" }, end.map { "\($0)" }, actor, action, resource, isDenied.map { "\($0)" }].map {
            $0.map { "=\($0)" } ?? ""
        }
    }
}

/// The table of entries.
enum EntryStore {
    private static let rowsInStatement = 32

    /// An entry to write.
    struct New: Sendable {
        let index: Int64
        let leaf: AuditLeaf
        let bytes, hash: [UInt8]
        let digest: Int64
    }

    static func insert(_ entries: [New], _ log: LogName, in tx: borrowing Transaction) throws {
        let owner = try log.sql(in: tx)
        var rest = entries[...]
        // Statements of two lengths only, as each text is prepared once.
        while !rest.isEmpty {
            let count = rest.count >= rowsInStatement ? rowsInStatement : 1
            let rows: [SQL] = rest.prefix(count).map { new in
                let isDenied = new.leaf.outcome != .done
                return """
                    (\(owner), \(new.index), \(new.bytes), \(new.hash), \(new.leaf.source), \(new.leaf.sequence),
                    \(new.digest), \(new.leaf.time), \(new.leaf.action), \(new.leaf.actor), \(new.leaf.resource),
                    \(isDenied))
                    """
            }
            rest = rest.dropFirst(count)
            try tx.run(
                """
                INSERT INTO audit_entries (
                    organization, log_index, leaf, leaf_hash, source, sequence, digest, time, action, actor, resource,
                    is_denied
                ) VALUES \(SQL.joined(rows, separator: ", "))
                """)
        }
    }

    /// A source's event, by what tells it from others.
    struct Key: Hashable, RowDecodable {
        let sequence, digest: Int64

        init(sequence: Int64, digest: Int64) { (self.sequence, self.digest) = (sequence, digest) }

        init(row: Row) throws { (sequence, digest) = (try row["sequence"], try row["digest"]) }
    }

    /// Which of these numbers of a source there are entries of.
    static func known(_ sequences: [Int64], of source: String, in tx: borrowing Transaction) throws -> Set<Key> {
        var result: Set<Key> = []
        for chunk in Chunk.split(sequences) {
            result.formUnion(
                try tx.all(
                    Key.self,
                    """
                    SELECT sequence, digest FROM audit_entries
                    WHERE source = \(source) AND sequence IN (\(SQL.list(chunk)))
                    """))
        }
        return result
    }

    /// Entries before a place, the newest first.
    static func list(
        _ filter: EntryFilter, before place: Int64, count: Int, _ log: LogName, in tx: borrowing Transaction
    ) throws -> [EntryRow] {
        var conditions: [SQL] = ["organization = \(try log.sql(in: tx))", "log_index < \(place)"]
        if let start = filter.start { conditions.append("time >= \(start)") }
        if let end = filter.end { conditions.append("time < \(end)") }
        if let actor = filter.actor { conditions.append("actor = \(actor)") }
        if let action = filter.action { conditions.append("action = \(action)") }
        if let resource = filter.resource { conditions.append("resource = \(resource)") }
        if let isDenied = filter.isDenied { conditions.append("is_denied = \(isDenied)") }
        return try tx.all(
            EntryRow.self,
            """
            SELECT \(EntryRow.columns) FROM audit_entries WHERE \(SQL.joined(conditions, separator: " AND "))
            ORDER BY log_index DESC LIMIT \(count)
            """)
    }

    /// Entries from a place on, in their order.
    static func entries(
        from first: Int64, count: Int, _ log: LogName, in tx: borrowing Transaction
    ) throws -> [EntryRow] {
        try tx.all(
            EntryRow.self,
            """
            SELECT \(EntryRow.columns) FROM audit_entries
            WHERE organization = \(try log.sql(in: tx)) AND log_index >= \(first) ORDER BY log_index LIMIT \(count)
            """)
    }

    /// The first entry that the log took at a time or later, found by halves, as that time never goes back.
    ///
    /// - Parameter time: In microseconds since 1970.
    /// - Returns: The log's size if there is none.
    static func first(
        takenFrom time: Int64, _ log: LogName, size: Int64, in tx: borrowing Transaction
    ) throws -> Int64 {
        var (low, high) = (Int64(0), size)
        while low < high {
            let middle = low + (high - low) / 2
            guard let row = try entries(from: middle, count: 1, log, in: tx).first, row.index == middle else {
                throw StoreError(.corrupt, "an entry of the log is not there")
            }
            if try AuditLeaf(row.leaf).loggedAt < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
