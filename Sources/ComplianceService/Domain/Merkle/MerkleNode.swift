/// A perfect subtree of a log's tree, which never changes once its last leaf is there.
package struct MerkleNode: Sendable, Hashable {
    /// Its height: it has `1 << level` leaves.
    package let level: Int
    /// Its place among those of its height, from the left.
    package let index: Int64

    package init(level: Int, index: Int64) { (self.level, self.index) = (level, index) }

    /// Its first leaf.
    package var start: Int64 { index << Int64(level) }
    /// The leaf after its last one.
    package var end: Int64 { (index + 1) << Int64(level) }

    /// The largest perfect subtrees that cover some leaves, from the left.
    package static func covering(_ range: Range<Int64>) -> [MerkleNode] {
        var nodes: [MerkleNode] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let left = range.upperBound - start
            let fits = Int64.bitWidth - 1 - left.leadingZeroBitCount
            let level = start == 0 ? fits : min(start.trailingZeroBitCount, fits)
            nodes.append(MerkleNode(level: level, index: start >> Int64(level)))
            start += 1 << Int64(level)
        }
        return nodes
    }
}
