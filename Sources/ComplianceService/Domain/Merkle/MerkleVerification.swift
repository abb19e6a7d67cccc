/// What proofs show, worked out by whoever does not believe the log (RFC 9162, 2.1.3.2 and 2.1.4.2).
package enum MerkleVerification {
    /// The root that an inclusion proof leads to; nil if it has not the form that index and size demand.
    package static func root(leafHash: [UInt8], index: Int64, size: Int64, proof: [[UInt8]]) -> [UInt8]? {
        guard index >= 0, index < size else { return nil }
        var (place, last) = (index, size - 1)
        var hash = leafHash
        for sibling in proof {
            guard last > 0, sibling.count == MerkleHash.size else { return nil }
            if place & 1 == 1 || place == last {
                hash = MerkleHash.node(sibling, hash)
                while place & 1 == 0, place != 0 { (place, last) = (place >> 1, last >> 1) }
            } else {
                hash = MerkleHash.node(hash, sibling)
            }
            (place, last) = (place >> 1, last >> 1)
        }
        return last == 0 ? hash : nil
    }

    /// Whether the tree of one root begins with all of the tree of another.
    package static func isConsistent(
        first: Int64, _ firstRoot: [UInt8], second: Int64, _ secondRoot: [UInt8], proof: [[UInt8]]
    ) -> Bool {
        guard first >= 0, first <= second, proof.allSatisfy({ $0.count == MerkleHash.size }) else { return false }
        guard first > 0 else { return proof.isEmpty && firstRoot == MerkleHash.empty }
        guard first < second else { return proof.isEmpty && firstRoot == secondRoot }
        let path = first & (first - 1) == 0 ? [firstRoot] + proof : proof
        guard var old = path.first else { return false }
        var new = old
        var (place, last) = (first - 1, second - 1)
        while place & 1 == 1 { (place, last) = (place >> 1, last >> 1) }
        for hash in path.dropFirst() {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                (old, new) = (MerkleHash.node(hash, old), MerkleHash.node(hash, new))
                while place & 1 == 0, place != 0 { (place, last) = (place >> 1, last >> 1) }
            } else {
                new = MerkleHash.node(new, hash)
            }
            (place, last) = (place >> 1, last >> 1)
        }
        return last == 0 && old == firstRoot && new == secondRoot
    }
}
