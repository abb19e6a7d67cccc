import Persistence

/// Writes an export's lines.
struct LogExport: Sendable {
    let store: Store
    let access: LogAccess
    let keys: SubjectKeys
    /// Entries that are read at a time.
    let page: Int
    let withPersonal: Bool

    /// Writes entries and all by which a verifier finds the checkpoint's root from them.
    ///
    /// - Parameter range: Within the checkpoint's size.
    func write(
        _ range: Range<Int64>, _ checkpoint: SignedCheckpoint, to write: ([UInt8]) async throws -> Void
    ) async throws {
        let (log, size) = (access.log, checkpoint.size)
        let (before, after) = MerkleProof.beside(range, size: size)
        let beside = try await log.handle(store).read { tx in
            try TileStore.hashes(of: before + after, log, size: size, in: tx)
        }
        let head = ExportLine.Head(
            origin: checkpoint.origin, first: range.lowerBound, end: range.upperBound, size: size,
            before: Array(beside.prefix(before.count)), after: Array(beside.suffix(after.count)))
        try await write(Self.bytes([.head(head)]))
        var next = range.lowerBound
        while next < range.upperBound {
            let lines = try await lines(from: next, count: min(page, Int(range.upperBound - next)))
            guard !lines.isEmpty else { throw StoreError(.corrupt, "an entry of the log is not there") }
            try await write(Self.bytes(lines))
            next += Int64(lines.count)
        }
        try await write(Self.bytes([.checkpoint(checkpoint.text)]))
    }

    private func lines(from first: Int64, count: Int) async throws -> [ExportLine] {
        let (log, withPersonal, keys) = (access.log, withPersonal, keys)
        return try await log.handle(store).read { tx in
            let rows = Array(try EntryStore.entries(from: first, count: count, log, in: tx).fitting())
            guard withPersonal else { return rows.map { .entry(.init(index: $0.index, leaf: $0.leaf)) } }
            let leaves = try rows.map { try AuditLeaf($0.leaf) }
            let subjects = Set(leaves.flatMap { $0.personal.map(\.subject) })
            let keys = subjects.isEmpty ? [:] : try keys.read(subjects, log, in: tx)
            return zip(rows, leaves).map { row, leaf in
                let opened = leaf.personal.map { value -> OpenedPersonalValue? in
                    guard let key = keys[value.subject], key.id == value.keyID else { return nil }
                    return value.opened(organization: leaf.organization, key: key.key)
                }
                return .entry(.init(index: row.index, leaf: row.leaf, opened: opened))
            }
        }
    }

    private static func bytes(_ lines: [ExportLine]) -> [UInt8] {
        lines.flatMap { Array("\($0.text)\n".utf8) }
    }
}
