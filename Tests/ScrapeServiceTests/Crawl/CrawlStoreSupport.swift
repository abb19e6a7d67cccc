import Foundation
import Jobs
import Persistence
import ServiceKit
import StoreTesting

@testable import ScrapeService

let crawlStores = Store.Kind.allCases

extension SystemReason {
    static let crawlTest = SystemReason("tests play workers")
}

/// A fresh store of a kind with the role's tables.
func withCrawlStore(_ kind: Store.Kind, _ body: (Store) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "crawl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration =
        switch kind {
        case .sqlite: StoreConfiguration.sqlite(path: folder.appending(path: "test.db").path)
        case .postgres: StoreConfiguration.postgres(try await PostgresServer.shared.get().makeDatabase())
        }
    configuration.pool.size = 4
    configuration.pool.acquireTimeout = .seconds(3_600)
    let store = try Store(configuration)
    do {
        try await Migrator(ScrapeService.migrations).migrate(store)
        try await body(store)
    } catch {
        await store.close()
        throw error
    }
    await store.close()
}

/// A job over a site that is a function: page n of a host leads to 2n and 2n + 1, up to a number.
struct CrawlGame {
    let store: Store
    let organization: String
    let job: String
    var rules: CrawlRules
    let hosts: [String]
    let size: Int64

    static func rules(pages: Int64 = .max, delay: Int64 = 0, concurrency: Int = 4) -> CrawlRules {
        let politeness = CrawlRules.Politeness(delay: delay, concurrency: concurrency)
        var rules = CrawlRules(
            scope: ScopeRules(hosts: [], included: [], excluded: [], starts: []), userAgent: "test",
            outside: politeness, inside: politeness, isInside: { _ in false })
        rules.limits.pages = pages
        rules.pagesATurn = 5
        return rules
    }

    init(_ store: Store, hosts: [String], size: Int64, rules: CrawlRules, organization: String = "acme") async throws {
        (self.store, self.hosts, self.size, self.rules) = (store, hosts, size, rules)
        self.organization = organization
        job = UUID().uuidString.lowercased()
        let (found, limits) = (hosts.map { Self.page(1, at: $0) }, CrawlFrontier.Limits(rules))
        var row = JobRow(
            organization: organization, id: job, scraper: "s", plan: [], initiator: "users/x", lanes: 3, now: 1)
        let inserted = row
        try await store.system(.crawlTest).write { tx in
            var row = inserted
            try JobStore.insert(row, in: tx)
            var counts: [String: (queued: Int64, pages: Int64)] = [:]
            try CrawlFrontier.add(found, to: &row, limits: limits, counting: &counts, in: tx)
            try FrontierStore.count(counts, organization: row.organization, job: row.id, in: tx)
            try JobStore.update(row, in: tx)
        }
        row.state = .queued
    }

    static func page(_ number: Int64, at host: String) -> FoundPage {
        guard let url = CrawlURL("http://\(host)/\(number)") else { preconditionFailure("no URL") }
        return FoundPage(url: url, key: PageKey(of: url.text), depth: 0)
    }

    /// What visiting a page gives: a record, and its links.
    func fetched(_ page: ClaimedPage) -> PageResult {
        var result = PageResult(page, .fetched)
        result.wasAsked = true
        let number = Int64(page.url.split(separator: "/").last ?? "") ?? 0
        result.contentHash = Array("\(page.url)".utf8)
        result.records = [Array("\(page.url)".utf8)]
        result.found = [2 * number, 2 * number + 1].filter { $0 <= size }.map { Self.page($0, at: page.host) }
        result.hostSignal = .answered
        return result
    }

    func turn(
        lane: Int64, of lanes: Int, _ results: [PageResult], kept: [ClaimedPage], held: [String: CrawlTurn.Held],
        wanted: Int, now: Int64, until: Int64
    ) async throws -> CrawlTurn.Outcome {
        let turn = CrawlTurn(
            lane: .init(organization: organization, job: job, number: lane, count: lanes, rules: rules),
            results: results, kept: kept, held: held, wanted: wanted, until: until, now: now)
        return try await store.system(.crawlTest).write(.readCommitted) { tx in try turn.run(in: tx) }
    }

    func row() async throws -> JobRow? {
        let (job, organization) = (job, organization)
        return try await store.system(.crawlTest).read { tx in try JobStore.job(job, of: organization, in: tx) }
    }

    /// Payloads of the job's records, by their ordinals.
    func records() async throws -> [NumberedPayload] {
        let job = job
        return try await store.scoped(OrganizationID(organization)).read { tx in
            try RecordStore.records(of: job, after: 0, count: 1_000, in: tx)
        }
    }
}

/// Chance that can be repeated.
struct CrawlDice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
