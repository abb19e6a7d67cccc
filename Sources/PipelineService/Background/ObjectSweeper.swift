import Logging
import Persistence
import ServiceKit
import ServiceLifecycle

/// Removes objects that no row names: what crashes, broken uploads and deletions left.
struct ObjectSweeper: Service {
    let core: PipelineCore
    var interval: Duration = .seconds(60)

    /// Places that one round looks at, and names that one listing gives.
    private static let (places, names) = (100, 1_000)
    /// Names that one query asks about.
    private static let asked = 200

    /// Sweeps until its task is cancelled or the group shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await sweep() } catch  where !Task.isCancelled {
                    core.logger.warning("objects could not be swept", metadata: ["error": "\(error)"])
                } catch {}
                try? await Task.sleep(for: interval)
            }
        }
    }

    /// Sweeps all places whose time has come, up to a round's number of them.
    ///
    /// - Returns: How many objects it removed.
    @discardableResult
    func sweep() async throws -> Int {
        let now = core.now
        let due = try await core.store.system(.sweepObjects).read { tx in
            try SweepStore.due(at: now, count: Self.places, in: tx)
        }
        var removed = 0
        for place in due {
            removed += try await sweep(place)
            _ = try await core.store.scoped(OrganizationID(place.organization)).write(.readCommitted) { tx in
                try SweepStore.take(place.prefix, in: tx)
            }
        }
        return removed
    }

    private func sweep(_ place: SweepStore.Due) async throws -> Int {
        let handle = core.store.scoped(OrganizationID(place.organization))
        var (removed, after) = (0, ObjectKey?.none)
        while true {
            let keys = try await core.objects.list(prefix: place.prefix, after: after, limit: Self.names)
            guard let last = keys.last else { return removed }
            for start in stride(from: 0, to: keys.count, by: Self.asked) {
                let some = keys[start..<min(start + Self.asked, keys.count)]
                let names = some.map(\.description)
                let named = try await handle.read { tx in try SweepStore.named(names, in: tx) }
                for key in some where !named.contains(key.description) {
                    try await core.objects.delete(key)
                    removed += 1
                }
            }
            after = last
        }
    }
}
