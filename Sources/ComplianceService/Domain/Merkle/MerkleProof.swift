/// Hashes over parts of a tree that somebody asks for, and the perfect subtrees that they are made of.
package struct MerkleQuery: Sendable, Hashable {
    private let covers: [[MerkleNode]]

    init(_ ranges: [Range<Int64>]) { covers = ranges.map(MerkleNode.covering) }

    /// The subtrees whose hashes are needed, in the order of `answer`.
    package var nodes: [MerkleNode] { covers.flatMap { $0 } }

    /// What was asked for.
    ///
    /// - Parameter hashes: The subtrees' hashes, in the order of `nodes`.
    package func answer(_ hashes: [[UInt8]]) -> [[UInt8]] {
        var place = 0
        return covers.map { cover in
            defer { place += cover.count }
            return MerkleHash.fold(Array(hashes[place..<place + cover.count]))
        }
    }
}

/// What proofs consist of (RFC 6962, 2.1.1 and 2.1.2).
package enum MerkleProof {
    /// The tree's root at a size: the only hash of the answer.
    package static func root(size: Int64) -> MerkleQuery { MerkleQuery([0..<size]) }

    /// The proof that a leaf stands in the tree of a size, from the leaf's sibling up.
    ///
    /// - Parameter index: From 0, below `size`.
    package static func inclusion(of index: Int64, size: Int64) -> MerkleQuery {
        var (low, high) = (Int64(0), size)
        var ranges: [Range<Int64>] = []
        while high - low > 1 {
            let middle = low + split(high - low)
            if index < middle {
                ranges.append(middle..<high)
                high = middle
            } else {
                ranges.append(low..<middle)
                low = middle
            }
        }
        return MerkleQuery(ranges.reversed())
    }

    /// The proof that the tree of one size begins with all of the tree of another.
    ///
    /// - Parameter first: The smaller size; at most `second`.
    package static func consistency(from first: Int64, to second: Int64) -> MerkleQuery {
        guard first > 0, first < second else { return MerkleQuery([]) }
        var (low, high) = (Int64(0), second)
        var ranges: [Range<Int64>] = []
        // Whether the part in hand is all of the smaller tree: who asks knows its hash.
        var isWhole = true
        while first != high {
            let middle = low + split(high - low)
            if first <= middle {
                ranges.append(middle..<high)
                high = middle
            } else {
                ranges.append(low..<middle)
                low = middle
                isWhole = false
            }
        }
        if !isWhole { ranges.append(low..<high) }
        return MerkleQuery(ranges.reversed())
    }

    /// The hashes beside a part of a tree, from the left: with those of its leaves they make the root.
    package static func beside(_ part: Range<Int64>, size: Int64) -> (before: [MerkleNode], after: [MerkleNode]) {
        (MerkleNode.covering(0..<part.lowerBound), MerkleNode.covering(part.upperBound..<size))
    }

    /// The largest power of two below a number above 1.
    private static func split(_ count: Int64) -> Int64 {
        1 << Int64(Int64.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }
}
