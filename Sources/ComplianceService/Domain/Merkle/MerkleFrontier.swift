/// A log's right edge: what further leaves need to know of those that are there.
package struct MerkleFrontier: Sendable, Hashable {
    /// How many leaves there are.
    package private(set) var size: Int64
    /// The hashes of the perfect subtrees that the tree consists of, from the largest: one for each bit of `size`.
    package private(set) var hashes: [[UInt8]]

    /// An empty tree.
    package init() { (size, hashes) = (0, []) }

    /// Reads what `bytes` gave; nil if it is nothing that belongs to this size.
    package init?(size: Int64, bytes: [UInt8]) {
        guard size >= 0, bytes.count == size.nonzeroBitCount * MerkleHash.size else { return nil }
        self.size = size
        hashes = stride(from: 0, to: bytes.count, by: MerkleHash.size).map {
            Array(bytes[$0..<$0 + MerkleHash.size])
        }
    }

    /// Goes on behind some leaves of which the subtrees' hashes are known.
    package init?(size: Int64, hashes: [[UInt8]]) {
        guard size >= 0, hashes.count == size.nonzeroBitCount, hashes.allSatisfy({ $0.count == MerkleHash.size })
        else { return nil }
        (self.size, self.hashes) = (size, hashes)
    }

    /// The hashes, one behind the other.
    package var bytes: [UInt8] { hashes.flatMap { $0 } }

    /// The tree's root.
    package var root: [UInt8] { MerkleHash.fold(hashes) }

    /// Adds a leaf.
    package mutating func append(leafHash: [UInt8]) { append(leafHash, level: 0) }

    /// Adds a perfect subtree, whose place is a multiple of its size.
    package mutating func append(_ hash: [UInt8], level: Int) {
        var (hash, count) = (hash, size >> Int64(level))
        while count & 1 == 1, let left = hashes.popLast() {
            hash = MerkleHash.node(left, hash)
            count >>= 1
        }
        hashes.append(hash)
        size += 1 << Int64(level)
    }
}
