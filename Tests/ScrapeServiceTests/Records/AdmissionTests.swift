import Testing

@testable import ScrapeService

struct AdmissionTests {
    @Test func letsSoManyInAtOnce() async throws {
        let admission = Admission(limit: 2)
        try await admission.enter {
            try await admission.enter { () async throws -> Void in
                _ = await #expect(throws: ScrapeError.busy(retryAfter: .seconds(1))) { try await admission.enter {} }
            }
            let inside = try await admission.enter { true }
            #expect(inside, "who has left makes room")
        }
    }

    @Test func makesRoomWhenABodyThrows() async throws {
        let admission = Admission(limit: 1)
        for _ in 0..<3 {
            await #expect(throws: ScrapeError.pageTokenInvalid) {
                try await admission.enter { throw ScrapeError.pageTokenInvalid }
            }
        }
    }

    @Test(arguments: [
        "", "scrape-jobs/a/pages", "scrape-jobs/a/pages/0", "scrape-jobs/a/pages/+1", "a/b/c/1", "a/b/pages/1/2",
    ])
    func readsOnlyNamesOfPages(_ name: String) {
        #expect(throws: ScrapeError.resourceUnknown(name: name)) { try PageName(name) }
    }

    @Test func readsAndWritesNamesOfPages() throws {
        let name = try PageName("scrape-jobs/a/pages/12")
        #expect((name.job, name.number) == ("scrape-jobs/a", 12))
        #expect(PageName.text(12, of: name.job) == "scrape-jobs/a/pages/12")
    }
}
