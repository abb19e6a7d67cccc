/// 256 hashes of one height beside each other, as the store keeps them: of heights 0, 8, 16 … the others follow from
/// these.
package struct MerkleTile: Sendable, Hashable {
    /// Heights in a tile.
    package static let height = 8
    /// Hashes in a tile.
    package static let width = Int64(1 << height)

    /// The tile's height, in tiles.
    package let level: Int
    /// Its place among those of its height, from the left.
    package let index: Int64

    package init(level: Int, index: Int64) { (self.level, self.index) = (level, index) }

    /// The tile in which a node's hashes lie.
    package init(of node: MerkleNode) {
        level = node.level / Self.height
        index = (node.index << Int64(node.level % Self.height)) >> Int64(Self.height)
    }

    /// How many of its hashes there are in a tree of a size.
    package func count(in size: Int64) -> Int64 {
        let all = size >> Int64(level * Self.height)
        return min(max(all - index * Self.width, 0), Self.width)
    }

    /// A node's hash, of the tile's hashes, as many as there are.
    ///
    /// - Returns: nil if they are too few.
    package static func hash(of node: MerkleNode, in hashes: [[UInt8]]) -> [UInt8]? {
        let step = node.level % height
        let start = Int((node.index << Int64(step)) & (width - 1))
        guard start + (1 << step) <= hashes.count else { return nil }
        return perfect(hashes[start..<start + (1 << step)])
    }

    /// The hash over hashes as many as a power of two.
    package static func perfect(_ hashes: some Sequence<[UInt8]>) -> [UInt8] {
        var row = Array(hashes)
        while row.count > 1 {
            row = stride(from: 0, to: row.count - 1, by: 2).map { MerkleHash.node(row[$0], row[$0 + 1]) }
        }
        return row.first ?? MerkleHash.empty
    }
}
