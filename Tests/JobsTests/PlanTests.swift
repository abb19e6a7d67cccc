import Foundation
import Persistence
import Testing

@testable import Jobs

/// What must cost the same however many jobs wait.
@Suite(.timeLimit(.minutes(5))) struct PlanTests {
    private struct Step: RowDecodable {
        var text: String
        init(row: Row) throws { text = try row["detail"] }
    }

    /// SQLite says which indices it takes; each must be found by its condition, without sorting.
    @Test func claimsReadNoFurtherThanTheyTake() async throws {
        try await withQueue(.sqlite) { queue in
            let questions: [(SQL, String)] = [
                (
                    "SELECT id FROM jobs WHERE state = 'ready' AND kind = 'k' ORDER BY priority, id LIMIT 5",
                    "jobs_ready"
                ),
                (
                    "SELECT id FROM jobs WHERE state = 'scheduled' AND run_at <= 5 ORDER BY run_at, id LIMIT 5",
                    "jobs_scheduled"
                ),
                ("SELECT id FROM jobs WHERE state = 'running' AND worker = 'w' ORDER BY id LIMIT 5", "jobs_running"),
                (
                    """
                    SELECT id FROM jobs WHERE state = 'held' AND kind = 'k' AND limit_key = 'l'
                    ORDER BY priority, id LIMIT 5
                    """, "jobs_held"
                ),
                (
                    """
                    SELECT id FROM jobs WHERE finished_at IS NOT NULL AND state = 'dead' AND kind = 'k'
                    AND finished_at < 5 ORDER BY finished_at, id LIMIT 5
                    """, "jobs_finished"
                ),
                ("SELECT id FROM jobs WHERE organization = 'o' ORDER BY id DESC LIMIT 5", "jobs_organization"),
            ]
            for (question, index) in questions {
                let plan = try await queue.store.system(.test).read {
                    try $0.all(Step.self, "EXPLAIN QUERY PLAN \(question)").map(\.text)
                }
                #expect(plan.count == 1 && plan[0].contains("SEARCH") && plan[0].contains(index), "\(plan)")
            }
        }
    }

    /// PostgreSQL's plan for the claim as it is, with rows enough that it would read them all if it had to.
    @Test func claimsOnPostgres() async throws {
        try await withQueue(.postgres) { queue in
            let requests = try (0..<5000).map { try JobKind.greet.request("\($0)") }
            try await queue.enqueue(requests, by: "t", for: acme)
            let plan = try await queue.store.system(.test).write(.readCommitted) { tx in
                try queue.planForGrowth(tx)
                let next: SQL = """
                    SELECT id FROM jobs WHERE state = 'ready' AND kind = 'greet' ORDER BY priority, id LIMIT 5
                    """
                return try tx.values(
                    String.self, "EXPLAIN UPDATE jobs SET state = 'running' WHERE \(queue.among(next)) RETURNING id")
            }
            let text = plan.joined(separator: "\n")
            #expect(text.contains("Index Scan using jobs_ready"), "\(text)")
            #expect(!text.contains("Seq Scan") && !text.contains("Sort"), "\(text)")
        }
    }

    /// Jobs whose key is full are put aside once, and stand in no claim's way after that.
    @Test(arguments: stores) func fullKeysAreNotReadAgain(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let full = JobOptions(priority: -1, limit: JobLimit(key: "full", concurrency: 1))
            try await queue.enqueue(
                try (0..<3000).map { try JobKind.greet.request("\($0)", full) }, by: "t", for: acme)
            let free = try await queue.greet("free")
            var claimed: [JobID] = []
            while !claimed.contains(free) { claimed += try await queue.claim(500).map(\.id) }
            #expect(claimed.count == 2)
            // All have left the ready ones: the next claim finds nothing to put aside.
            let ready = try await queue.list(.ready).jobs
            #expect(ready.isEmpty)
        }
    }
}
