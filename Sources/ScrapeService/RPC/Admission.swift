import Synchronization

/// Lets so many in at once, and tells the others to come again: for calls that take memory.
final class Admission: Sendable {
    private let limit: Int
    private let inside = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// - Throws: `ScrapeError.busy` if as many are in as may be; what the body throws.
    func enter<Result>(_ body: () async throws -> Result) async throws -> Result {
        let isFull = inside.withLock { count in
            if count < limit { count += 1 } else { return true }
            return false
        }
        if isFull { throw ScrapeError.busy(retryAfter: .seconds(1)) }
        defer { inside.withLock { $0 -= 1 } }
        return try await body()
    }
}
