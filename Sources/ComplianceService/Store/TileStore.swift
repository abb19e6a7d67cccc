import Persistence

/// The table of tiles: 256 hashes a row, once all of them are there. What is not in a tile yet is found with the entries,
/// or with the tiles below.
enum TileStore {
    /// The hashes of subtrees.
    ///
    /// - Parameters:
    ///   - size: The log's, as the transaction sees it; the subtrees lie within it.
    /// - Returns: In the order of `nodes`.
    static func hashes(
        of nodes: [MerkleNode], _ log: LogName, size: Int64, in tx: borrowing Transaction
    ) throws -> [[UInt8]] {
        var tiles: [MerkleTile: [[UInt8]]] = [:]
        var result: [[UInt8]] = []
        for node in nodes {
            let tile = MerkleTile(of: node)
            let hashes: [[UInt8]]
            if let known = tiles[tile] {
                hashes = known
            } else {
                hashes = try read(tile, log, size: size, in: tx)
                tiles[tile] = hashes
            }
            guard let hash = MerkleTile.hash(of: node, in: hashes) else {
                throw StoreError(.corrupt, "a tile of the log \(log.organization) lacks hashes")
            }
            result.append(hash)
        }
        return result
    }

    /// Writes the tiles that have become full.
    ///
    /// - Parameters:
    ///   - sizes: The log's, before and after the new entries, which are written.
    static func write(_ sizes: Range<Int64>, _ log: LogName, in tx: borrowing Transaction) throws {
        for level in 0... {
            let shift = Int64((level + 1) * MerkleTile.height)
            let (first, end) = (sizes.lowerBound >> shift, sizes.upperBound >> shift)
            guard first < end else { return }
            for index in first..<end {
                let hashes = try base(MerkleTile(level: level, index: index), log, count: MerkleTile.width, in: tx)
                guard hashes.count == Int(MerkleTile.width) else {
                    throw StoreError(.corrupt, "a tile of the log \(log.organization) lacks hashes")
                }
                let bytes = hashes.flatMap { $0 }
                try tx.run(
                    """
                    INSERT INTO audit_tiles (organization, level, tile, hashes, root)
                    VALUES (
                        \(try log.sql(in: tx)), \(level), \(index), \(bytes), \(MerkleTile.perfect(hashes))
                    )
                    """)
            }
        }
    }

    private static func read(
        _ tile: MerkleTile, _ log: LogName, size: Int64, in tx: borrowing Transaction
    ) throws -> [[UInt8]] {
        let count = tile.count(in: size)
        guard count == MerkleTile.width else { return try base(tile, log, count: count, in: tx) }
        let bytes = try tx.value(
            [UInt8].self,
            """
            SELECT hashes FROM audit_tiles
            WHERE organization = \(try log.sql(in: tx)) AND level = \(tile.level) AND tile = \(tile.index)
            """)
        guard let bytes, bytes.count == Int(MerkleTile.width) * MerkleHash.size else {
            throw StoreError(.corrupt, "a tile of the log \(log.organization) is not there")
        }
        return stride(from: 0, to: bytes.count, by: MerkleHash.size).map { Array(bytes[$0..<$0 + MerkleHash.size]) }
    }

    /// A tile's hashes where it has no row.
    private static func base(
        _ tile: MerkleTile, _ log: LogName, count: Int64, in tx: borrowing Transaction
    ) throws -> [[UInt8]] {
        let first = tile.index * MerkleTile.width
        let owner = try log.sql(in: tx)
        guard tile.level > 0 else {
            return try tx.values(
                [UInt8].self,
                """
                SELECT leaf_hash FROM audit_entries
                WHERE organization = \(owner) AND log_index >= \(first) AND log_index < \(first + count)
                ORDER BY log_index
                """)
        }
        return try tx.values(
            [UInt8].self,
            """
            SELECT root FROM audit_tiles
            WHERE organization = \(owner) AND level = \(tile.level - 1) AND tile >= \(first)
                AND tile < \(first + count)
            ORDER BY tile
            """)
    }
}
