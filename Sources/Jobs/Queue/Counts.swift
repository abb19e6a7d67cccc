import Persistence

/// How many jobs of a kind are in a state.
public struct JobCount: Sendable, Hashable {
    public var kind: String
    public var state: JobState
    public var count: Int
    /// Whether there may be more: it is counted up to `JobsConfiguration.countLimit`.
    public var isLowerBound: Bool
}

extension JobQueue {
    /// Jobs by state and kind; those of which there are none are left out.
    public func counts() async throws -> [JobCount] {
        var counts: [JobCount] = []
        for state in JobState.allCases {
            for kind in try await kinds(in: state) {
                let limit = configuration.countLimit
                let filter = Self.filter(state)
                let count = try await store.system(.inspectJobs).read { tx in
                    try tx.value(
                        Int.self,
                        """
                        SELECT count(*) AS n
                        FROM (SELECT id FROM jobs WHERE \(filter) AND kind = \(kind) LIMIT \(limit)) AS found
                        """) ?? 0
                }
                guard count > 0 else { continue }
                counts.append(JobCount(kind: kind, state: state, count: count, isLowerBound: count == limit))
            }
        }
        return counts
    }

    /// The kinds of which there are jobs in a state, found by jumping from one to the next in an index.
    func kinds(in state: JobState) async throws -> [String] {
        let filter = Self.filter(state)
        guard state != .scheduled, state != .running else {
            // Their indices begin with another column; there are as many as run, or those due first.
            let limit = configuration.countLimit
            return try await store.system(.inspectJobs).read { tx in
                try tx.values(
                    String.self,
                    """
                    SELECT DISTINCT kind FROM (SELECT kind FROM jobs WHERE \(filter) LIMIT \(limit)) AS found
                    ORDER BY kind
                    """)
            }
        }
        return try await store.system(.inspectJobs).read { tx in
            var kinds: [String] = []
            while kinds.count < 1000 {
                let last = kinds.last ?? ""
                let next = try tx.value(
                    String.self,
                    "SELECT kind FROM jobs WHERE \(filter) AND kind > \(last) ORDER BY kind LIMIT 1")
                guard let next else { break }
                kinds.append(next)
            }
            return kinds
        }
    }

    /// In the words of the partial indices, which serve no other.
    static func filter(_ state: JobState) -> SQL {
        switch state {
        case .scheduled: "state = 'scheduled'"
        case .ready: "state = 'ready'"
        case .held: "state = 'held'"
        case .running: "state = 'running'"
        case .succeeded: "state = 'succeeded' AND finished_at IS NOT NULL"
        case .cancelled: "state = 'cancelled' AND finished_at IS NOT NULL"
        case .dead: "state = 'dead' AND finished_at IS NOT NULL"
        }
    }
}
