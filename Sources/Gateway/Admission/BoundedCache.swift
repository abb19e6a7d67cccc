/// Remembers at most twice `size` values: when the young half is full, it becomes the old one, and what nobody asked for
/// since is gone. A value, so that its owner's lock guards it.
struct BoundedCache<Key: Hashable, Value> {
    private let size: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    init(size: Int) { self.size = max(1, size) }

    /// Looks a value up, and keeps it for longer.
    mutating func value(_ key: Key) -> Value? {
        if let value = young[key] { return value }
        guard let value = old[key] else { return nil }
        insert(value, for: key)
        return value
    }

    mutating func insert(_ value: Value, for key: Key) {
        if young.count >= size, young[key] == nil { (old, young) = (young, [:]) }
        young[key] = value
    }

    mutating func removeAll() { (young, old) = ([:], [:]) }

    var count: Int { young.count + old.count }
}
