import Foundation
import Persistence
import Testing

@testable import ScrapeService

/// Claims and commits, with the workers' part played by chance: whatever dies and whatever comes in which order, each page
/// is fetched once after the last crash at most, counted once, and gives its record once.
struct CrawlTurnTests {
    /// A worker's memory: what it holds, and what it has not handed in yet.
    private struct Worker {
        var desk = LaneDesk()
        var begun: [ClaimedPage] = []
        var waiting: [PageResult] = []
    }

    @Test(arguments: crawlStores, [UInt64(1), 2, 3, 4])
    func losesAndRepeatsNothing(_ kind: Store.Kind, _ seed: UInt64) async throws {
        try await withCrawlStore(kind) { store in
            var dice = CrawlDice(state: seed)
            let hosts = ["a.org", "b.org:8080"]
            let game = try await CrawlGame(store, hosts: hosts, size: 40, rules: CrawlGame.rules())
            var workers = [Worker(), Worker()]
            var now: Int64 = 1_000
            for _ in 0..<2_000 {
                now += 1_000_000
                let lane = Int.random(in: 0..<workers.count, using: &dice)
                // A process dies, and with it all that it knew.
                if Int.random(in: 0..<25, using: &dice) == 0 { workers[lane] = Worker() }
                for host in hosts {
                    while Int.random(in: 0..<3, using: &dice) > 0, let page = workers[lane].desk.begin(at: host) {
                        _ = workers[lane].desk.takeTime(at: host)
                        workers[lane].begun.append(page)
                    }
                }
                while Int.random(in: 0..<4, using: &dice) > 0, let page = workers[lane].begun.popLast() {
                    workers[lane].desk.finish(game.fetched(page))
                }
                workers[lane].desk.tidy()
                let (results, holding) = (workers[lane].desk.takeResults(), workers[lane].desk.holding())
                let outcome = try await game.turn(
                    lane: Int64(lane), of: 2, results, kept: holding.kept, held: holding.held,
                    wanted: Int.random(in: 1...6, using: &dice), now: now, until: now + 1)
                workers[lane].desk.add(outcome.grants)
                if outcome.job?.state.hasEnded == true { break }
            }
            let job = try #require(try await game.row())
            #expect(job.state == .succeeded)
            #expect(job.endReason == .complete)
            #expect((job.queued, job.fetched, job.extracted) == (0, 80, 80))
            let records = try await game.records()
            #expect(records.map(\.number) == Array(1...80))
            #expect(Set(records.map(\.payload)).count == 80)
        }
    }

    @Test(arguments: crawlStores)
    func neverGoesBeyondItsLimit(_ kind: Store.Kind) async throws {
        try await withCrawlStore(kind) { store in
            let game = try await CrawlGame(store, hosts: ["a.org"], size: 1_000, rules: CrawlGame.rules(pages: 13))
            var (desks, claimed) = ([LaneDesk(), LaneDesk(), LaneDesk()], 0)
            var now: Int64 = 1_000
            for turn in 0..<100 {
                now += 1_000_000
                let lane = turn % 3
                var begun: [ClaimedPage] = []
                while let page = desks[lane].begin(at: "a.org") { begun.append(page) }
                // Every other one is still under way.
                for page in begun { desks[lane].finish(game.fetched(page)) }
                desks[lane].tidy()
                let (results, holding) = (desks[lane].takeResults(), desks[lane].holding())
                let outcome = try await game.turn(
                    lane: Int64(lane), of: 3, results, kept: holding.kept, held: holding.held, wanted: 10, now: now,
                    until: now + 1)
                claimed += outcome.grants.values.reduce(0) { $0 + $1.pages.count }
                desks[lane].add(outcome.grants)
                if outcome.job?.state.hasEnded == true { break }
            }
            let job = try #require(try await game.row())
            #expect(job.endReason == .pages)
            #expect(job.fetched == 13)
            #expect(claimed == 13)
            #expect(job.queued == 0)
            #expect(job.problems.counts[.jobEnded, default: 0] == job.leftOut)
        }
    }

    /// Times of all jobs and lanes at a host are the delay apart, and slots never more than allowed.
    @Test(arguments: crawlStores)
    func sharesTheBudgetOfAHost(_ kind: Store.Kind) async throws {
        try await withCrawlStore(kind) { store in
            let rules = CrawlGame.rules(delay: 500_000, concurrency: 3)
            let first = try await CrawlGame(store, hosts: ["a.org"], size: 200, rules: rules, organization: "acme")
            let second = try await CrawlGame(store, hosts: ["a.org"], size: 200, rules: rules, organization: "acme")
            let third = try await CrawlGame(store, hosts: ["a.org"], size: 200, rules: rules, organization: "globex")
            let games = [first, second, third]
            var times: [Int64] = []
            var served = [0, 0, 0]
            var kept: [[ClaimedPage]] = [[], [], []]
            for turn in 0..<60 {
                let index = turn % 3
                let grant = try await Self.turn(games[index], kept[index], now: 1_000_000 + Int64(turn + 1) * 300_000)
                kept[index] = grant?.pages ?? []
                times += grant?.times.map(\.at) ?? []
                served[index] += grant?.times.count ?? 0
                let slots = grant?.slots ?? 0
                #expect(slots <= 3)
            }
            times.sort()
            #expect(times.count > 20)
            for (earlier, later) in zip(times, times.dropFirst()) { #expect(later - earlier >= 500_000) }
            #expect(served[2] > 5, "the other organization has its turns")
        }
    }

    /// One turn at the one host; who is granted nothing has nothing in hand, and lets others in.
    private static func turn(_ game: CrawlGame, _ pages: [ClaimedPage], now: Int64) async throws -> CrawlTurn.Grant? {
        var results: [PageResult] = []
        for page in pages { results.append(game.fetched(page)) }
        let outcome = try await game.turn(
            lane: 0, of: 1, results, kept: [], held: [:], wanted: 2, now: now, until: now + 1_000_000)
        if let grant = outcome.grants["a.org"] { return grant }
        _ = try await game.turn(
            lane: 0, of: 1, [], kept: [], held: ["a.org": .init()], wanted: 0, now: now, until: now)
        return nil
    }

    @Test(arguments: crawlStores)
    func leavesCopiesOut(_ kind: Store.Kind) async throws {
        try await withCrawlStore(kind) { store in
            let game = try await CrawlGame(store, hosts: ["a.org", "b.org"], size: 1, rules: CrawlGame.rules())
            let first = try await game.turn(lane: 0, of: 1, [], kept: [], held: [:], wanted: 5, now: 10, until: 20)
            let pages = first.grants.values.flatMap(\.pages)
            #expect(pages.count == 2)
            let results = pages.map { page in
                var result = game.fetched(page)
                result.contentHash = [1, 2, 3]
                return result
            }
            let outcome = try await game.turn(
                lane: 0, of: 1, results, kept: [], held: [:], wanted: 5, now: 30, until: 40)
            #expect(outcome.job?.fetched == 1)
            #expect(outcome.job?.leftOut == 1)
            #expect(outcome.job?.problems.counts == [.duplicate: 1])
            let records = try await game.records()
            #expect(records.count == 1)
            // The same results once more, as after a reply that was lost, change nothing.
            let again = try await game.turn(
                lane: 0, of: 1, results, kept: [], held: [:], wanted: 5, now: 50, until: 60)
            #expect(again.job?.fetched == 1)
        }
    }

    @Test(arguments: crawlStores)
    func boundsPagesOfHostsAndPaths(_ kind: Store.Kind) async throws {
        try await withCrawlStore(kind) { store in
            var rules = CrawlGame.rules()
            rules.pagesPerHost = 5
            let game = try await CrawlGame(store, hosts: ["a.org"], size: 100, rules: rules)
            var kept: [ClaimedPage] = []
            var now: Int64 = 1_000
            for _ in 0..<20 {
                now += 1_000_000
                let outcome = try await game.turn(
                    lane: 0, of: 1, kept.map { game.fetched($0) }, kept: [], held: [:], wanted: 10, now: now,
                    until: now + 1)
                kept = outcome.grants.values.flatMap(\.pages)
                if outcome.job?.state.hasEnded == true { break }
            }
            let job = try #require(try await game.row())
            #expect(job.fetched == 5)
            #expect(job.problems.counts[.tooManyPages, default: 0] > 0)
        }
    }
}
