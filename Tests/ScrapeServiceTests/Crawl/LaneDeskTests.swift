import Testing

@testable import ScrapeService

struct LaneDeskTests {
    private func page(_ number: Int64, at host: String = "e.org") -> ClaimedPage {
        ClaimedPage(
            number: number, url: "http://\(host)/\(number)", host: host, kind: .page, depth: 0, hops: 0, attempts: 0)
    }

    private func desk(_ pages: ClosedRange<Int64>, times: [Int64], slots: Int) -> LaneDesk {
        var desk = LaneDesk()
        desk.add([
            "e.org": CrawlTurn.Grant(
                pages: pages.map { page($0) }, times: times.map { RequestTime(at: $0) }, slots: slots)
        ])
        return desk
    }

    @Test func beginsAsManyAsThereAreSlots() {
        var desk = desk(1...5, times: [1, 2, 3, 4, 5], slots: 2)
        let openings = desk.openings()
        #expect(openings == ["e.org", "e.org"])
        let (first, second) = (desk.begin(at: "e.org"), desk.begin(at: "e.org"))
        #expect([first?.number, second?.number] == [1, 2])
        let third = desk.begin(at: "e.org")
        #expect(third == nil)
        let none = desk.openings()
        #expect(none.isEmpty)
        desk.finish(PageResult(page(1), .fetched))
        let (again, results) = (desk.openings(), desk.takeResults())
        #expect(again == ["e.org"])
        #expect(results.map(\.page.number) == [1])
    }

    @Test func countsPagesWithoutATime() {
        var desk = desk(1...3, times: [1], slots: 3)
        #expect(desk.holding().held["e.org"]?.missingTimes == 2)
        let begun = desk.begin(at: "e.org")
        #expect(begun != nil)
        let times = [desk.takeTime(at: "e.org"), desk.takeTime(at: "e.org")]
        #expect(times.map { $0?.at } == [1, nil])
        let held = desk.holding()
        #expect(held.held["e.org"]?.missingTimes == 2)
        #expect(Set(held.kept.map(\.number)) == [1, 2, 3])
        desk.putBack(page(1))
        #expect(desk.holding().held["e.org"]?.missingTimes == 3)
    }

    @Test func letsOneAskForRobots() {
        var desk = desk(1...3, times: [1, 2, 3], slots: 3)
        _ = desk.begin(at: "e.org")
        let asking = [desk.beginRobots(at: "e.org"), desk.beginRobots(at: "e.org")]
        #expect(asking == [true, false])
        let waiting = desk.begin(at: "e.org")
        #expect(waiting == nil, "the others wait for what it says")
        desk.endRobots(at: "e.org")
        let next = desk.begin(at: "e.org")
        #expect(next?.number == 2)
    }

    @Test func givesBackWhatWasNotBegun() {
        var desk = desk(1...4, times: [1, 2, 3, 4], slots: 1)
        _ = desk.begin(at: "e.org")
        desk.close()
        #expect(desk.holding().kept.map(\.number) == [1])
        #expect(desk.isBusy)
        desk.finish(PageResult(page(1), .fetched))
        #expect(!desk.isBusy)
        let late = desk.begin(at: "e.org")
        #expect(late == nil)
        #expect(desk.holding().kept.isEmpty)
    }

    @Test func windsDownToWhatHasATime() {
        var desk = desk(1...4, times: [1, 2], slots: 1)
        desk.wind()
        #expect(desk.waiting == 2)
        let begun = desk.begin(at: "e.org")
        #expect(begun?.number == 1)
        desk.yield(at: "e.org")
        #expect(desk.waiting == 0)
        #expect(desk.isBusy)
    }

    @Test func forgetsHostsWithNothingLeft() {
        var desk = desk(1...1, times: [1, 2], slots: 1)
        desk.tidy()
        #expect(desk.holding().held.count == 1)
        _ = desk.begin(at: "e.org")
        desk.finish(PageResult(page(1), .fetched))
        desk.tidy()
        #expect(desk.holding().held.isEmpty)
    }

    @Test func packsNumbers() {
        let numbers: [Int64] = [1, 255, 256, .max]
        #expect(PageNumbers.unpacked(PageNumbers.packed(numbers)) == numbers)
    }

    @Test func writesCounts() {
        var counts = ProblemCounts()
        counts.add(.outOfScope, 17)
        counts.add(.timeout)
        counts.add(.timeout)
        #expect(counts.text == "6=2 60=17")
        #expect(ProblemCounts(counts.text) == counts)
        #expect(ProblemCounts("nonsense 999=1 6=x").counts.isEmpty)
    }

    @Test func spellsProblemsAsTheContractDoes() {
        #expect(Problem.addressNotAllowed.contractName == "PAGE_PROBLEM_ADDRESS_NOT_ALLOWED")
        #expect(Problem.tlsFailed.contractName == "PAGE_PROBLEM_TLS_FAILED")
    }
}

struct RetryAfterTests {
    @Test(
        arguments: [
            ("120", 120_000_000), ("0", 0), (" 5 ", 5_000_000), ("Sun, 06 Nov 1994 08:49:47 GMT", 10_000_000),
            ("Sun, 06 Nov 1994 08:49:00 GMT", 0),
        ] as [(String, Int64)])
    func reads(_ text: String, _ expected: Int64) {
        #expect(RetryAfter.microseconds(text, now: 784_111_777_000_000) == expected)
    }

    @Test(arguments: ["", "soon", "-1", "Sun, 32 Nov 1994 08:49:47 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"])
    func givesUp(_ text: String) {
        #expect(RetryAfter.microseconds(text, now: 0) == nil)
    }
}
