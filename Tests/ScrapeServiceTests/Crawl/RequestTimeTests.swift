import Testing

@testable import ScrapeService

struct RequestTimeTests {
    @Test func isOverOnceTheNextOneWouldComeTooSoon() {
        let time = RequestTime(at: 10_000_000, delay: 2_000_000)
        #expect(!time.isOver(now: 9_000_000))
        #expect(!time.isOver(now: 10_200_000))
        #expect(time.isOver(now: 10_200_001))
    }

    @Test func leavesABusyMachineAMoment() {
        let time = RequestTime(at: 0, delay: 1_000)
        #expect(!time.isOver(now: 50_000))
        #expect(time.isOver(now: 50_001))
    }

    @Test func isNeverOverWhereNothingHasToBeKept() {
        #expect(!RequestTime(at: 0).isOver(now: .max))
    }

    @Test func givesWayToWhatRobotsAsksForSince() {
        let file = RobotsFile(Array("User-agent: *\nCrawl-delay: 2\n".utf8), agent: "DataVault")
        func answer(at time: Int64) -> RobotsAnswer {
            RobotsAnswer(outcome: .found, file: file, fetchedAt: time, expiresAt: .max)
        }
        #expect(answer(at: 0).delay == 2_000_000)
        #expect(RequestTime(at: 9, delay: 1_000_000, givenAt: 5).isOutdated(by: answer(at: 5)))
        #expect(!RequestTime(at: 9, delay: 2_000_000, givenAt: 5).isOutdated(by: answer(at: 5)), "it says the same")
        #expect(!RequestTime(at: 9, delay: 0, givenAt: 6).isOutdated(by: answer(at: 5)), "it was known already")
    }

    @Test func looksFurtherAheadTheMoreOftenItIsLate() {
        var lead = RequestLead()
        #expect(lead.ahead == 0)
        for _ in 0..<3 { lead.wasLate() }
        #expect(lead.ahead == 300_000)
        for _ in 0..<9 { lead.wasLate() }
        #expect(lead.ahead == 500_000)
        for _ in 0..<30 { lead.wasInTime() }
        #expect(lead.ahead == 0)
    }
}
