import Foundation
import Logging
import Persistence
import Testing

@testable import ScrapeService

/// What jobs leave behind goes, and nothing else: not what a page names, and nothing of other jobs and organizations.
struct JobSweeperTests {
    /// A store, a folder of objects and a clock.
    private struct Bed {
        let store: Store
        let objects: FolderObjectStore
        let sweeper: JobSweeper

        init(_ store: Store, in folder: URL, now: Int64 = 10, grace: Duration = .zero) throws {
            self.store = store
            objects = try FolderObjectStore(folder.path)
            var environment = ScrapeEnvironment()
            environment.now = { now }
            var configuration = JobSweeper.Configuration()
            // Small, so that there are several of each.
            (configuration.names, configuration.reading, configuration.rows) = (3, 4, 7)
            configuration.grace = grace
            sweeper = JobSweeper(
                store: store, objects: objects, environment: environment, configuration: configuration,
                logger: Logger(label: "test"))
        }

        func put(_ name: String, of game: CrawlGame) async throws -> String {
            let key = EvidenceKeeper.prefix(organization: game.organization, job: game.job) + name
            try await objects.put(try #require(ObjectKey(parsing: key)), Array(name.utf8))
            return key
        }

        func names(of game: CrawlGame) async throws -> Set<String> {
            let prefix = EvidenceKeeper.prefix(organization: game.organization, job: game.job)
            return Set(try await objects.list(prefix: prefix, after: nil, limit: 1_000).map(\.description))
        }

        /// Runs some turns of a game, each of which keeps an object, and writes another that it never names.
        ///
        /// - Returns: The objects that pages name.
        func play(_ game: CrawlGame, turns: Int, sweeping: Bool = false) async throws -> Set<String> {
            var (named, claimed): (Set<String>, [ClaimedPage]) = ([], [])
            for turn in 0..<turns {
                let pack = try await put("turn-\(turn)", of: game)
                _ = try await put("lost-\(turn)", of: game)
                // Between the object's writing and the turn that names it.
                if sweeping { try await sweeper.sweep() }
                let results = claimed.map { page in
                    var result = game.fetched(page)
                    result.pack = (pack, 0, 1)
                    return result
                }
                if !results.isEmpty { named.insert(pack) }
                let now = Int64(turn + 1) * 1_000_000
                let outcome = try await game.turn(
                    lane: 0, of: 1, results, kept: [], held: [:], wanted: 5, now: now, until: now + 1)
                claimed = outcome.grants.values.flatMap(\.pages)
                if outcome.job?.state.hasEnded == true { break }
            }
            return named
        }

        func delete(_ game: CrawlGame) async throws {
            try await store.scoped(OrganizationID(game.organization)).write { tx in
                try JobStore.delete(game.job, of: game.organization, in: tx)
                try SweepStore.put(game.job, of: game.organization, since: 10, isRemoval: true, in: tx)
            }
        }

        /// Rows of a job in each table.
        func rows(of game: CrawlGame) async throws -> [Int] {
            try await store.system(.crawlTest).read { tx in
                var counts: [Int] = []
                for table in [
                    "scrape_records", "scrape_quarantine", "scrape_pages", "scrape_job_paths", "scrape_job_hosts",
                    "scrape_lanes",
                ] as [SQL] {
                    counts.append(
                        try tx.value(Int.self, "SELECT COUNT(*) FROM \(table) WHERE job = \(game.job)") ?? -1)
                }
                return counts
            }
        }

        func places() async throws -> [SweepStore.Due] {
            try await store.system(.crawlTest).read { tx in try SweepStore.due(before: .max, count: 100, in: tx) }
        }
    }

    private func withBed(
        _ kind: Store.Kind, grace: Duration = .zero, now: Int64 = 1_000_000_000, _ body: (Bed) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sweep-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await withCrawlStore(kind) { store in try await body(try Bed(store, in: folder, now: now, grace: grace)) }
    }

    private static func game(_ store: Store, organization: String = "acme") async throws -> CrawlGame {
        try await CrawlGame(
            store, hosts: ["a.org"], size: 30, rules: CrawlGame.rules(), organization: organization)
    }

    @Test(arguments: crawlStores)
    func touchesNothingOfAJobThatGoesOn(_ kind: Store.Kind) async throws {
        try await withBed(kind) { bed in
            let game = try await Self.game(bed.store)
            _ = try await bed.play(game, turns: 3, sweeping: true)
            // Not even if somebody says that it is time.
            try await bed.store.system(.crawlTest).write { tx in
                try SweepStore.put(game.job, of: game.organization, since: 1, in: tx)
            }
            let removed = try await bed.sweeper.sweep()
            #expect(removed == 0)
            let names = try await bed.names(of: game)
            #expect(names.count == 6)
        }
    }

    @Test(arguments: crawlStores)
    func removesWhatNoPageNamesOnceAJobHasEnded(_ kind: Store.Kind) async throws {
        try await withBed(kind) { bed in
            let (game, other) = (try await Self.game(bed.store), try await Self.game(bed.store))
            let stranger = try await Self.game(bed.store, organization: "globex")
            let kept = [try await bed.put("a", of: other), try await bed.put("b", of: stranger)]
            let named = try await bed.play(game, turns: 100, sweeping: true)
            let row = try #require(try await game.row())
            #expect(row.state == .succeeded)
            let before = try await bed.names(of: game)
            #expect(before.count > named.count + 3)
            let removed = try await bed.sweeper.sweep()
            #expect(removed == before.count - named.count)
            let after = try await bed.names(of: game)
            #expect(after == named, "what pages name is all there, and nothing else")
            #expect(named.count > 3)
            let others = try await bed.names(of: other).union(try await bed.names(of: stranger))
            #expect(others == Set(kept))
            let places = try await bed.places()
            #expect(places.isEmpty)
        }
    }

    @Test(arguments: crawlStores)
    func waitsForWorkersThatHaveNotHeard(_ kind: Store.Kind) async throws {
        try await withBed(kind, grace: .seconds(3_600), now: 1_000_000_000) { bed in
            let game = try await Self.game(bed.store)
            _ = try await bed.play(game, turns: 100)
            let early = try await bed.sweeper.sweep()
            #expect(early == 0)
            let places = try await bed.places()
            #expect(places.map(\.job) == [game.job])
            var later = bed.sweeper
            later.configuration.grace = .zero
            let removed = try await later.sweep()
            #expect(removed > 3)
        }
    }

    @Test(arguments: crawlStores)
    func removesAllOfAJobThatWasDeleted(_ kind: Store.Kind) async throws {
        try await withBed(kind, grace: .seconds(3_600)) { bed in
            let (game, other) = (try await Self.game(bed.store), try await Self.game(bed.store))
            _ = try await bed.play(game, turns: 100)
            let kept = try await bed.play(other, turns: 100)
            let others = try await bed.rows(of: other)
            let before = try await bed.rows(of: game)
            #expect(before == others && before[0] == 30 && before[2] == 30)
            try await bed.delete(game)
            try await bed.sweeper.sweep()
            let rows = try await bed.rows(of: game)
            #expect(rows.allSatisfy { $0 == 0 })
            let (names, left) = (try await bed.names(of: game), try await bed.rows(of: other))
            #expect(names.isEmpty)
            #expect(left == others)
            // What a worker still writes that has not heard is found when its time is over.
            _ = try await bed.put("late", of: game)
            try await bed.sweeper.sweep()
            let late = try await bed.names(of: game)
            #expect(late.count == 1)
            var later = bed.sweeper
            later.configuration.grace = .zero
            try await later.sweep()
            let (gone, places) = (try await bed.names(of: game), try await bed.places())
            #expect(gone.isEmpty && places.isEmpty)
            let still = try await bed.names(of: other)
            #expect(still == kept)
        }
    }

    @Test(arguments: crawlStores)
    func keepsWhatWasPutWhileItSwept(_ kind: Store.Kind) async throws {
        try await withBed(kind) { bed in
            let game = try await Self.game(bed.store)
            try await bed.store.system(.crawlTest).write { tx in
                try SweepStore.put(game.job, of: game.organization, since: 5, in: tx)
            }
            let seen = try #require(try await bed.places().first)
            try await bed.delete(game)
            try await bed.store.system(.crawlTest).write { tx in try SweepStore.take(seen, in: tx) }
            let places = try await bed.places()
            #expect(places.map(\.isRemoval) == [true])
        }
    }
}
