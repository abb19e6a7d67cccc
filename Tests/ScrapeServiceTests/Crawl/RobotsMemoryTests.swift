import Outbound
import Persistence
import Testing

@testable import ScrapeService

/// What is remembered of robots.txt, and what stands in the table.
struct RobotsMemoryTests {
    private func answer(_ text: String, expiresAt: Int64 = .max) -> RobotsAnswer {
        RobotsAnswer(
            outcome: .found, file: RobotsFile(Array("User-agent: *\n\(text)".utf8), agent: "DataVault"), fetchedAt: 0,
            expiresAt: expiresAt)
    }

    private func rules(_ count: Int, _ length: Int) -> String {
        (0..<count).map { "Disallow: /\(100_000 + $0)" + String(repeating: "x", count: length - 7) + "\n" }.joined()
    }

    @Test func weighsWhatFilesHold() {
        let file = answer(rules(1_000, 40)).file
        #expect(file.rules.count == 1_000)
        #expect((40_000...70_000).contains(file.weight))
    }

    @Test func isBoundByBytes() {
        let file = answer(rules(100, 40))
        var memory = RobotsMemory(bytes: 100_000, count: 10_000)
        for number in 0..<1_000 {
            memory.remember(file, of: "http://\(number).example")
            #expect(memory.weight <= 100_000)
        }
        #expect((8...20).contains(memory.origins))
        #expect(memory.answer(of: "http://999.example") == file)
        #expect(memory.answer(of: "http://0.example") == nil)
    }

    @Test func isBoundByCount() {
        var memory = RobotsMemory(bytes: .max / 2, count: 16)
        for number in 0..<100 { memory.remember(answer(""), of: "http://\(number).example") }
        #expect((14...16).contains(memory.origins))
    }

    @Test func forgetsWhatWasAskedForLongestAgo() {
        var memory = RobotsMemory(bytes: .max / 2, count: 4)
        for number in 0..<4 { memory.remember(answer(""), of: "\(number)") }
        #expect(memory.answer(of: "0") != nil)
        memory.remember(answer(""), of: "4")
        #expect(memory.answer(of: "0") != nil)
        #expect(memory.answer(of: "1") == nil)
    }

    @Test func replacesWithoutCountingTwice() {
        var memory = RobotsMemory(bytes: .max / 2, count: 4)
        memory.remember(answer(rules(10, 40)), of: "a")
        let weight = memory.weight
        memory.remember(answer(rules(10, 40)), of: "a")
        #expect(memory.weight == weight && memory.origins == 1)
    }

    private static let sweep = SystemReason("tests look at the table")

    private func origins(_ store: Store) async throws -> [String] {
        try await store.system(Self.sweep).read { tx in
            try tx.values(String.self, "SELECT origin FROM scrape_robots ORDER BY origin")
        }
    }

    @Test(arguments: crawlStores) func sweepsTheTable(_ kind: Store.Kind) async throws {
        try await withCrawlStore(kind) { store in
            let body = [UInt8](repeating: 0x20, count: 100)
            let answers = (0..<9).map { answer("", expiresAt: Int64($0)) }
            try await store.system(Self.sweep).write { tx in
                for (number, answer) in answers.enumerated() {
                    try RobotsStore.keep(answer, number == 8 ? nil : body, of: "http://\(number)", in: tx)
                }
            }
            var configuration = RobotsKeeper.Configuration()
            (configuration.keptBytes, configuration.keptRows, configuration.batch) = (350, 100, 2)
            let client = try OutboundClient(OutboundConfiguration(userAgent: "test"))
            let keeper = RobotsKeeper(
                store: store, fetcher: PageFetcher(client: client), configuration: configuration, now: { 2 })
            try await keeper.sweep()
            // Three have expired; of the six others' 500 bytes 350 may stay.
            #expect(try await origins(store) == ["http://5", "http://6", "http://7", "http://8"])
            configuration.keptRows = 1
            try await RobotsKeeper(
                store: store, fetcher: PageFetcher(client: client), configuration: configuration, now: { 2 }
            ).sweep()
            #expect(try await origins(store) == ["http://8"])
        }
    }
}
