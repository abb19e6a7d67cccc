import Testing

@testable import ScrapeService

struct CrawlScopeTests {
    private func url(_ text: String) throws -> CrawlURL { try #require(CrawlURL(text)) }

    @Test(arguments: [
        (["example.org"], "http://example.org/", true), (["example.org"], "https://example.org/", true),
        (["example.org"], "http://example.org:8080/", false), (["example.org"], "http://www.example.org/", false),
        (["example.org:8080"], "http://example.org:8080/", true), (["example.org:8080"], "http://example.org/", false),
        (["example.org:443"], "https://example.org/", true), (["example.org:443"], "http://example.org/", false),
        (["*.example.org"], "http://a.b.example.org/", true), (["*.example.org"], "http://example.org/", true),
        (["*.example.org"], "http://badexample.org/", false), (["EXAMPLE.org"], "http://example.org/", true),
        (["[::1]:8080"], "http://[::1]:8080/", true), (["[::1]"], "http://[::1]/", true),
        ([], "http://start.org:81/x", true), ([], "http://start.org/x", false),
    ])
    func knowsItsHosts(_ hosts: [String], _ text: String, _ isInside: Bool) throws {
        let scope = ScopeRules(hosts: hosts, included: [], excluded: [], starts: [try url("http://start.org:81/")])
        let problem = scope.problem(with: try url(text))
        #expect(problem == (isInside ? nil : .outOfScope))
    }

    @Test func looksForPatternsInPathAndQuery() throws {
        let scope = ScopeRules(
            hosts: ["e.org"], included: [try PathPattern("^/docs/"), try PathPattern("page=\\d+$")],
            excluded: [try PathPattern("/private/")], starts: [])
        #expect(scope.problem(with: try url("http://e.org/docs/a")) == nil)
        #expect(scope.problem(with: try url("http://e.org/list?page=12")) == nil)
        #expect(scope.problem(with: try url("http://e.org/list?page=x")) == .pathExcluded)
        #expect(scope.problem(with: try url("http://e.org/docs/private/a")) == .pathExcluded)
        #expect(scope.problem(with: try url("http://f.org/docs/a")) == .outOfScope)
    }

    @Test func tellsWhatIsWrongWithAPattern() {
        #expect(throws: PatternFault.self) { try PathPattern("(") }
        #expect(throws: PatternFault.self) { try PathPattern("a{1000}{1000}") }
    }

    @Test(arguments: [
        ("http://e.org/a/b/c", false), ("http://e.org/a/b/a/b/a/b/a/b", true),
        ("http://e.org/2024/2024/2024/2024/2024", false),
        ("http://e.org/" + String(repeating: "x/", count: 50), true),
        ("http://e.org/?" + String(repeating: "a=1&", count: 60), true),
        ("http://e.org/" + String(repeating: "y", count: 3_000), true), ("http://e.org/?a=1&b=2", false),
    ])
    func tellsTraps(_ text: String, _ isTrap: Bool) throws {
        #expect(TrapRules().isTrap(try url(text)) == isTrap)
    }
}

struct HostBudgetTests {
    @Test func givesTimesADelayApart() {
        var budget = HostBudget()
        let first = budget.take(3, delay: 1_000, now: 10_000, until: 100_000)
        #expect(first == [10_000, 11_000, 12_000])
        // Whoever asks next goes on where these ended, also with a delay of its own.
        let second = budget.take(2, delay: 5_000, now: 10_500, until: 100_000)
        #expect(second == [13_000, 18_000])
        let third = budget.take(1, delay: 1_000, now: 10_500, until: 100_000)
        #expect(third == [23_000])
    }

    @Test func givesNoneBeyondTheEnd() {
        var budget = HostBudget(nextAt: 50_000)
        let none = budget.take(5, delay: 1_000, now: 10_000, until: 49_999)
        #expect(none.isEmpty)
        #expect(budget.nextAt == 50_000)
        let some = budget.take(5, delay: 1_000, now: 10_000, until: 51_500)
        #expect(some == [50_000, 51_000])
    }

    @Test func givesAllAtOnceWithoutDelay() {
        var budget = HostBudget()
        let times = budget.take(3, delay: 0, now: 7, until: 8)
        #expect(times == [7, 7, 7])
        #expect(budget.nextAt == 7)
    }

    @Test func heedsWhoAsksForMost() {
        let budget = HostBudget(nextAt: 0, penalty: 3_000, crawlDelay: 2_000)
        #expect(budget.delay(wishing: 1_000) == 3_000)
        #expect(budget.delay(wishing: 9_000) == 9_000)
        #expect(HostBudget(crawlDelay: 9_000_000_000).delay(wishing: 0) == HostBudget.Rules().longestWait)
    }

    @Test func slowsDownAndRecovers() {
        var budget = HostBudget()
        budget.complain(retryAfter: nil, now: 0)
        #expect(budget.penalty == 1_000_000)
        #expect(budget.nextAt == 1_000_000)
        budget.complain(retryAfter: 30_000_000, now: 0)
        #expect(budget.penalty == 2_000_000)
        #expect(budget.nextAt == 30_000_000)
        budget.complain(retryAfter: 9_000_000_000_000, now: 0)
        #expect(budget.nextAt == HostBudget.Rules().longestWait)
        for _ in 0..<10 { budget.complain(retryAfter: nil, now: 0) }
        #expect(budget.penalty == HostBudget.Rules().longestPenalty)
        for _ in 0..<20 { budget.recover() }
        #expect(budget.penalty == 0)
    }

    @Test func pausesBetweenAttempts() {
        let rules = RetryRules()
        #expect(rules.pause(after: 1, asked: nil, random: 0) == 500_000)
        #expect(rules.pause(after: 2, asked: nil, random: 1) == 2_000_000)
        #expect(rules.pause(after: 3, asked: nil, random: 0) == nil)
        #expect(rules.pause(after: 1, asked: 20_000_000, random: 0) == 20_000_000)
        #expect(rules.pause(after: 1, asked: .max, random: 0) == HostBudget.Rules().longestWait)
    }
}
