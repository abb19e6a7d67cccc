/// Hashes that were seen, in a table with open places: 16 bytes a place, at most two thirds of them taken.
struct KeySet: Sendable {
    private var places: [KeyHash] = []
    private(set) var count = 0
    private static let empty = KeyHash(low: 0, high: 0)

    /// Adds a hash, and says whether it is new.
    mutating func insert(_ hash: KeyHash) -> Bool {
        if 3 * (count + 1) > 2 * places.count { grow() }
        // The one hash that would look like an open place stands for its neighbour.
        let hash = hash == Self.empty ? KeyHash(low: 1, high: 0) : hash
        let mask = places.count - 1
        var at = Int(truncatingIfNeeded: hash.low) & mask
        while places[at] != Self.empty {
            if places[at] == hash { return false }
            at = (at + 1) & mask
        }
        places[at] = hash
        count += 1
        return true
    }

    private mutating func grow() {
        let old = places
        places = [KeyHash](repeating: Self.empty, count: max(1_024, 2 * old.count))
        let mask = places.count - 1
        for hash in old where hash != Self.empty {
            var at = Int(truncatingIfNeeded: hash.low) & mask
            while places[at] != Self.empty { at = (at + 1) & mask }
            places[at] = hash
        }
    }
}
