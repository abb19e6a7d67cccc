import Persistence
import ScrapeContract
import ServiceKit
import Wire

/// Reads jobs for those who watch them.
struct JobWatch: Sendable {
    private struct Key: Hashable {
        let organization: OrganizationID
        let name: String
    }

    private let store: Store
    private let places: SharedPlaces
    private let jobs: SharedPoll<Key, JobMessage>

    /// - Parameters:
    ///   - interval: Between two looks at a job, however many watch it.
    ///   - heartbeat: After which a job is told again although nothing has changed.
    init(
        store: Store, environment: ScrapeEnvironment, limits: ScrapeLimits, interval: Duration = .milliseconds(250),
        heartbeat: Duration = .seconds(15)
    ) {
        self.store = store
        places = SharedPlaces(total: limits.watchers, each: limits.ownWatchers)
        jobs = SharedPoll(
            interval: interval, heartbeat: heartbeat, sleep: environment.sleep, isLast: { $0.state.hasEnded },
            read: { key in try await Self.job(key.name, of: key.organization, in: store) })
    }

    /// Ends the streams: the server is about to.
    func drain() { jobs.close(throwing: RPCError(code: .unavailable, message: "the server is draining")) }

    /// - Throws: `ScrapeError.resourceUnknown`.
    func job(_ name: String, of organization: OrganizationID) async throws -> JobMessage {
        try await Self.job(name, of: organization, in: store)
    }

    private static func job(_ name: String, of organization: OrganizationID, in store: Store) async throws -> JobMessage
    {
        let id = try ResourceName.jobs.identifier(in: name)
        let found = try await store.scoped(organization).read { tx -> (JobRow, Int64)? in
            guard let row = try JobStore.job(id, of: organization.rawValue, in: tx) else { return nil }
            return (row, try fetching(row, in: tx))
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
    ///
    /// - Throws: `ScrapeError.busy` if the organization has as many watchers as it may, or the process.
    func stream(
        _ name: String, of organization: OrganizationID, _ tell: (JobMessage) async throws -> Void
    ) async throws {
        if places.enter(organization.rawValue) != nil { throw ScrapeError.busy(retryAfter: .seconds(5)) }
        defer { places.leave(organization.rawValue) }
        for try await job in jobs.values(of: Key(organization: organization, name: name)) { try await tell(job) }
        // The stream of one who has gone ends without an error.
        try Task.checkCancellation()
    }
}

extension Datavault_Scrape_V1_ScrapeJobState {
    var hasEnded: Bool {
        switch self {
        case .succeeded, .failed, .cancelled: true
        default: false
        }
    }
}
