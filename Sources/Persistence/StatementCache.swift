/// Prepared statements by key, the least recently used of which goes when there are more than the bound.
struct StatementCache<Key: Hashable, Statement> {
    private struct Entry {
        var statement: Statement
        var lastUse: UInt64
    }

    let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var uses: UInt64 = 0

    init(capacity: Int) { self.capacity = max(capacity, 1) }

    var count: Int { entries.count }

    mutating func find(_ key: Key) -> Statement? {
        guard let index = entries.index(forKey: key) else { return nil }
        uses += 1
        entries.values[index].lastUse = uses
        return entries.values[index].statement
    }

    /// Adds a statement and returns the one that had to go for it. Looks at all entries for that: it happens only when
    /// a statement is prepared, which costs far more.
    mutating func insert(_ statement: Statement, for key: Key) -> Statement? {
        var evicted: Statement?
        if entries.count >= capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
            evicted = entries.removeValue(forKey: oldest)?.statement
        }
        uses += 1
        entries[key] = Entry(statement: statement, lastUse: uses)
        return evicted
    }

    mutating func remove(_ key: Key) { entries.removeValue(forKey: key) }

    mutating func removeAll() { entries.removeAll() }
}
