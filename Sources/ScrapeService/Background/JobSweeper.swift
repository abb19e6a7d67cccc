import Logging
import Persistence
import ServiceKit
import ServiceLifecycle

extension SystemReason {
    static let sweepJobs = SystemReason("remove what jobs have left that no row names")
}

/// Removes what jobs leave behind: all that there is of those that were deleted, and objects that no page names, as a
/// process leaves them that dies between writing them and the turn that would name them.
struct JobSweeper: Service {
    struct Configuration: Sendable {
        var interval: Duration = .seconds(60)
        /// How long after a job's end, or its removal, a worker may still write something for it.
        var grace: Duration = .seconds(3_600)
        /// Jobs of a round, names of a listing, rows that are read and rows that are removed at once.
        var jobs = 100
        var names = 1_000
        var reading = 10_000
        var rows = 1_000
    }

    let store: Store
    let objects: any ObjectStore
    let environment: ScrapeEnvironment
    var configuration = Configuration()
    let logger: Logger

    /// Sweeps until its task is cancelled or the group shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    let removed = try await sweep()
                    if removed > 0 {
                        logger.notice("objects of crawls were removed", metadata: ["count": "\(removed)"])
                    }
                } catch  where !Task.isCancelled {
                    logger.warning("crawls could not be swept", metadata: ["error": "\(error)"])
                } catch {}
                do { try await environment.sleep(configuration.interval) } catch { return }
            }
        }
    }

    /// Sweeps behind all jobs whose time has come, up to a round's number of them.
    ///
    /// - Returns: How many objects it removed.
    @discardableResult
    func sweep() async throws -> Int {
        let (end, count) = (environment.now() - configuration.grace.microseconds, configuration.jobs)
        let due = try await store.system(.sweepJobs).read { tx in
            try SweepStore.due(before: end, count: count, in: tx)
        }
        var removed = 0
        for place in due { removed += try await sweep(place) }
        return removed
    }

    private func sweep(_ place: SweepStore.Due) async throws -> Int {
        let handle = store.scoped(OrganizationID(place.organization))
        let job = try await handle.read { tx in try JobStore.job(place.job, of: place.organization, in: tx) }
        var removed = 0
        if let job {
            // One that goes on is put here again when it ends.
            if job.state.hasEnded { removed = try await removeObjects(of: place, but: try await named(by: place)) }
        } else {
            try await removeRows(of: place)
            removed = try await removeObjects(of: place, but: [])
        }
        let (now, isRemoval) = (environment.now(), job == nil && place.isRemoval)
        try await store.system(.sweepJobs).write(.readCommitted) { tx in
            try SweepStore.take(place, in: tx)
            // A worker that has not heard yet may write once more: looked at again when that is over.
            if isRemoval { try SweepStore.put(place.job, of: place.organization, since: now, in: tx) }
            // Its lanes left without a turn that would have given their slots back.
            if job == nil, !isRemoval { try HostStore.release(byLanesOf: place.job, in: tx) }
        }
        return removed
    }

    /// Removes the rows that a deleted job has left, some at a time: nobody waits for long.
    private func removeRows(of place: SweepStore.Due) async throws {
        let (handle, rows) = (store.scoped(OrganizationID(place.organization)), configuration.rows)
        while try await handle.write(
            .readCommitted,
            { tx in
                try SweepStore.removeRows(of: place.job, atMost: rows, in: tx)
            })
        { try Task.checkCancellation() }
    }

    private func named(by place: SweepStore.Due) async throws -> Set<String> {
        let (handle, count) = (store.scoped(OrganizationID(place.organization)), configuration.reading)
        var (named, after): (Set<String>, Int64) = ([], 0)
        while true {
            let number = after
            let (packs, last) = try await handle.read { tx in
                try SweepStore.packs(of: place.job, after: number, count: count, in: tx)
            }
            guard let last else { return named }
            named.formUnion(packs)
            after = last
        }
    }

    private func removeObjects(of place: SweepStore.Due, but named: Set<String>) async throws -> Int {
        let prefix = EvidenceKeeper.prefix(organization: place.organization, job: place.job)
        var (removed, after) = (0, ObjectKey?.none)
        while true {
            let keys = try await objects.list(prefix: prefix, after: after, limit: configuration.names)
            guard let last = keys.last else { return removed }
            for key in keys where !named.contains(key.description) {
                try await objects.delete(key)
                removed += 1
            }
            after = last
        }
    }
}
