import Persistence
import ScrapeContract
import Synchronization

/// Reads jobs for those who watch them.
struct JobWatch: Sendable {
    let store: Store
    let environment: ScrapeEnvironment
    let limit: Int
    /// Between two looks.
    var interval: Duration = .milliseconds(250)
    /// After which a job is told again although nothing has changed.
    var heartbeat: Duration = .seconds(15)
    private let watchers = WatcherCount()

    init(store: Store, environment: ScrapeEnvironment, limit: Int) {
        (self.store, self.environment, self.limit) = (store, environment, limit)
    }

    /// - Throws: `ScrapeError.resourceUnknown`.
    func job(_ name: String, of organization: OrganizationID) async throws -> JobMessage {
        let id = try ResourceName.jobs.identifier(in: name)
        let found = try await store.scoped(organization).read { tx -> (JobRow, Int64)? in
            guard let row = try JobStore.job(id, of: organization.rawValue, in: tx) else { return nil }
            return (row, try Self.fetching(row, in: tx))
        }
        guard let (row, fetching) = found else { throw ScrapeError.resourceUnknown(name: name) }
        return try row.message(fetching: fetching)
    }

    /// Pages in lanes' hands.
    static func fetching(_ row: JobRow, in tx: borrowing Transaction) throws -> Int64 {
        if row.state != .running { return 0 }
        return try FrontierStore.lanes(organization: row.organization, job: row.id, in: tx).values
            .reduce(0) { $0 + Int64($1.count) }
    }

    /// Tells a job as it is, and again when it has changed, until it has ended.
    func stream(
        _ name: String, of organization: OrganizationID, _ tell: (JobMessage) async throws -> Void
    ) async throws {
        guard watchers.enter(limit) else { throw ScrapeError.busy(retryAfter: .seconds(5)) }
        defer { watchers.leave() }
        var last = try await job(name, of: organization)
        try await tell(last)
        var silence = Duration.zero
        while !last.state.hasEnded {
            try await environment.sleep(interval)
            silence += interval
            let next = try await job(name, of: organization)
            if next != last || silence >= heartbeat {
                try await tell(next)
                (last, silence) = (next, .zero)
            }
        }
    }
}

/// How many streams there are.
private final class WatcherCount: Sendable {
    private let count = Mutex(0)

    func enter(_ limit: Int) -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}

extension Datavault_Scrape_V1_ScrapeJobState {
    var hasEnded: Bool {
        switch self {
        case .succeeded, .failed, .cancelled: true
        default: false
        }
    }
}
