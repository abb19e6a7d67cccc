/// Where a store stands among a binary's migrations.
public struct MigrationStatus: Sendable, Hashable {
    /// Applied, in order.
    public let applied: [String]
    /// Known to this binary and not applied, in order.
    public let pending: [String]
    /// Applied, but unknown to this binary: the store is newer.
    public let unknown: [String]
    /// Applied with another text than this binary's, or in another order.
    public let changed: [String]

    init(migrations: [Migration], history: [MigrationHistory.Entry]) {
        let known = Dictionary(uniqueKeysWithValues: migrations.enumerated().map { ($1.name, $0) })
        applied = history.map(\.name)
        unknown = history.filter { known[$0.name] == nil }.map(\.name)
        changed = history.filter { entry in
            guard let index = known[entry.name] else { return false }
            return migrations[index].definition != entry.definition || index != entry.position
        }.map(\.name)
        let done = Set(applied)
        pending = migrations.map(\.name).filter { !done.contains($0) }
    }

    /// - Throws: `StoreError.schema` if this binary must not touch the store.
    func check() throws(StoreError) {
        guard unknown.isEmpty else {
            throw StoreError(
                .schema, "the store is newer than this binary, which does not know: \(unknown.joined(separator: ", "))")
        }
        guard changed.isEmpty else {
            throw StoreError(
                .schema, "migrations were changed after they were applied: \(changed.joined(separator: ", "))")
        }
    }
}
