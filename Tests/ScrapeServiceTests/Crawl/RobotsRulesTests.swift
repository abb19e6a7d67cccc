import Testing

@testable import ScrapeService

/// Matching with many rules, against a matcher that tries all of them.
struct RobotsRulesTests {
    /// A generator whose sequence is the same each time.
    private struct Sequence: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    /// What RFC 9309, 2.2.2 says, by recursion.
    private func matches(_ pattern: ArraySlice<UInt8>, _ path: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return true }
        if first == UInt8(ascii: "*") {
            return matches(pattern.dropFirst(), path) || (!path.isEmpty && matches(pattern, path.dropFirst()))
        }
        if first == UInt8(ascii: "$"), pattern.count == 1 { return path.isEmpty }
        return path.first == first && matches(pattern.dropFirst(), path.dropFirst())
    }

    private func naive(_ rules: [(isAllowed: Bool, pattern: String)], _ path: String) -> Bool {
        var best: (length: Int, isAllowed: Bool)?
        for rule in rules where matches(Array(rule.pattern.utf8)[...], Array(path.utf8)[...]) {
            let length = rule.pattern.utf8.count
            if let found = best, found.length > length || (found.length == length && found.isAllowed) { continue }
            best = (length, rule.isAllowed)
        }
        return best?.isAllowed ?? true
    }

    private func text(_ alphabet: String, _ length: Int, _ random: inout Sequence) -> String {
        let characters = Array(alphabet)
        return String((0..<length).map { _ in characters[Int.random(in: 0..<characters.count, using: &random)] })
    }

    @Test(arguments: 0..<40) func agreesWithTheNaiveMatcher(_ seed: UInt64) {
        var random = Sequence(state: seed)
        for _ in 0..<10 {
            let count = Int.random(in: 0..<30, using: &random)
            let rules = (0..<count).map { _ -> (isAllowed: Bool, pattern: String) in
                let length = Int.random(in: 0..<7, using: &random)
                let tail = Int.random(in: 0..<4, using: &random) == 0 ? "$" : ""
                return (Bool.random(using: &random), "/" + text("ab/*", length, &random) + tail)
            }
            let lines = rules.map { "\($0.isAllowed ? "Allow" : "Disallow"): \($0.pattern)\n" }.joined()
            let file = RobotsFile(Array(("User-agent: *\n" + lines).utf8), agent: "DataVault")
            for _ in 0..<30 {
                let path = "/" + text("ab/", Int.random(in: 0..<10, using: &random), &random)
                #expect(file.allows(path) == naive(rules, path), "\(path) with\n\(lines)")
            }
        }
    }

    /// Ten thousand patterns that match only where nothing is: what the matching of a page's links costs is bounded, and
    /// links that it does not come to count as forbidden.
    @Test func givesUpWhereMatchingCostsTooMuch() {
        let rules = (0..<1_000).map { "Disallow: /" + String(repeating: "*a", count: 18) + "*c\($0)\n" }.joined()
        let file = RobotsFile(Array(("User-agent: *\n" + rules).utf8), agent: "DataVault")
        let path = "/" + String(repeating: "a", count: 1_900) + "0123456789c"
        let limit = 300_000
        var budget = MatchBudget(steps: limit)
        #expect(file.allows(path, spending: &budget) == nil)
        // One pattern's beyond it at most.
        #expect(budget.isUsedUp && budget.steps > -4_000)
        #expect(file.allows("/b", spending: &budget) == nil)
        #expect(file.allows("/robots.txt", spending: &budget) == true)
    }

    /// Rules whose beginning a path does not have cost nothing, nor does standing there twice.
    @Test func triesOnlyRulesThatMayMatch() {
        let rules = (0..<9_000).map { "Disallow: /\($0)/*/private\n" }.joined()
        let file = RobotsFile(Array(("User-agent: *\n" + rules).utf8), agent: "DataVault")
        var budget = MatchBudget(steps: 100)
        #expect(file.allows("/77/x/private", spending: &budget) == false)
        #expect(!budget.isUsedUp)
        let same = RobotsFile(
            Array(("User-agent: *\n" + String(repeating: "Disallow: /*a*b\n", count: 9_000)).utf8), agent: "DataVault")
        #expect(same.rules.count == 1)
        #expect(same.weight < 100)
    }

    /// A page's links with a hostile file: all that are not decided are left out, and say why.
    @Test func leavesOutLinksThatAreNotDecided() throws {
        let rules = (0..<1_000).map { "Disallow: /" + String(repeating: "*a", count: 18) + "*c\($0)\n" }.joined()
        let file = RobotsFile(Array(("User-agent: *\n" + rules).utf8), agent: "DataVault")
        let answer = RobotsAnswer(outcome: .found, file: file, fetchedAt: 0, expiresAt: .max)
        let politeness = CrawlRules.Politeness(delay: 0, concurrency: 1)
        let start = try #require(CrawlURL("http://example.org/"))
        let crawl = CrawlRules(
            scope: ScopeRules(hosts: [], included: [], excluded: [], starts: [start]), userAgent: "test",
            outside: politeness, inside: politeness, isInside: { _ in false })
        let page = ClaimedPage(
            number: 1, url: start.text, host: start.host, kind: .page, depth: 0, hops: 0, attempts: 0)
        var filter = LinkFilter(rules: crawl, page: page, robots: { _ in answer })
        filter.budget = MatchBudget(steps: 1_200)
        filter.add(try #require(CrawlURL("http://example.org/b")))
        let long = "http://example.org/" + String(repeating: "a", count: 1_000) + "0123456789c"
        filter.add(try #require(CrawlURL(long)))
        filter.add(try #require(CrawlURL("http://example.org/d")))
        #expect(filter.found.map(\.problem) == [nil, .robotsDisallowed, .robotsDisallowed])
        #expect(filter.found.map(\.detail) == [nil, RobotsFile.undecided, RobotsFile.undecided])
    }

    /// Work that waits for a thread is not begun once nobody waits for it, and what goes on can tell.
    @Test func poolHeedsCancellation() async throws {
        let pool = ExtractionPool(threads: 1)
        let working = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await pool.run { cancellation in
                working.continuation.yield()
                while !cancellation.isHeeded() {}
                return true
            }
        }
        for await _ in working.stream { break }
        let second = Task { try await pool.run { _ in Issue.record("it must not be begun") } }
        second.cancel()
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(try await pool.run { _ in 7 } == 7)
    }
}
