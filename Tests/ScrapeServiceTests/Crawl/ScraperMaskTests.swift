import ScrapeContract
import ServiceKit
import SwiftProtobuf
import Testing
import Wire

@testable import ScrapeService

/// Which fields of a scraper an update changes (AIP-134).
struct ScraperMaskTests {
    private static let changeable = ["display_name", "start_urls", "scope", "limits", "politeness", "keep_pages"]

    private let old = ScraperMessage.with {
        $0.name = "scrapers/1"
        $0.displayName = "old"
        $0.startUrls = ["http://example.org/"]
        $0.scope.includePaths = ["^/old"]
        $0.scope.excludePaths = ["^/private"]
        $0.limits.pages = 5
        $0.limits.depth = 2
        $0.politeness.delay = .init(seconds: 3)
        $0.politeness.concurrency = 2
        $0.keepPages = false
    }

    private func applied(_ paths: [String], _ change: (inout ScraperMessage) -> Void) throws -> ScraperMessage {
        let sent = ScraperMessage.with(change)
        return try ResourceMask(paths, sent, changeable: Self.changeable).applied(sent, to: old)
    }

    private func expected(_ change: (inout ScraperMessage) -> Void) -> ScraperMessage {
        var message = old
        change(&message)
        return message
    }

    @Test func changesWhatPathsNameAndNothingElse() throws {
        #expect(try applied(["limits.pages"]) { $0.limits.pages = 7 } == expected { $0.limits.pages = 7 })
        #expect(
            try applied(["scope.include_paths"]) {
                $0.scope.includePaths = ["^/p"]
                $0.scope.useSitemaps = true
            } == expected { $0.scope.includePaths = ["^/p"] })
        #expect(
            try applied(["politeness.delay", "display_name"]) {
                $0.politeness.delay = .init(seconds: 9)
                $0.displayName = "new"
            }
                == expected {
                    $0.politeness.delay = .init(seconds: 9)
                    $0.displayName = "new"
                })
    }

    @Test func clearsWhatIsNamedAndNotSent() throws {
        #expect(try applied(["limits.pages"]) { _ in } == expected { $0.limits.pages = 0 })
        #expect(try applied(["scope.exclude_paths"]) { _ in } == expected { $0.scope.excludePaths = [] })
        #expect(try applied(["politeness.delay"]) { _ in } == expected { $0.politeness.clearDelay() })
        #expect(try applied(["limits"]) { _ in } == expected { $0.clearLimits() })
        #expect(try applied(["keep_pages"]) { _ in } == expected { $0.clearKeepPages() })
    }

    @Test func replacesMessagesThatAreNamedAsAWhole() throws {
        #expect(
            try applied(["limits"]) { $0.limits.pages = 7 }
                == expected {
                    $0.limits = .init()
                    $0.limits.pages = 7
                })
    }

    @Test func takesAllOrWhatIsSet() throws {
        let all = try applied(["*"]) { $0.displayName = "new" }
        #expect(
            all
                == .with {
                    $0.name = "scrapers/1"
                    $0.displayName = "new"
                })
        #expect(
            try applied([]) { $0.limits.pages = 7 }
                == expected {
                    $0.limits = .init()
                    $0.limits.pages = 7
                })
        #expect(try applied(["name", "etag"]) { $0.displayName = "new" } == old)
    }

    @Test(arguments: [
        "limits.nosuch", "limits..pages", "limits.*", "limits.", ".", "..", "a.b.c", "startUrls", "start_urls.0",
        "display_name.x", ",", "", String(repeating: "x", count: 3_000),
    ])
    func refusesUnknownPaths(_ path: String) {
        #expect(throws: MaskFault.unknown(path)) {
            try ResourceMask([path], ScraperMessage(), changeable: Self.changeable)
        }
    }

    @Test func refusesTheStarBesideOthers() {
        #expect(throws: MaskFault.unknown("*")) {
            try ResourceMask(["*", "limits"], ScraperMessage(), changeable: Self.changeable)
        }
    }

    @Test func refusesWhatCannotChange() {
        #expect(throws: MaskFault.immutable("create_time")) {
            try ResourceMask(["create_time"], ScraperMessage(), changeable: Self.changeable)
        }
    }

    @Test func tellsTheFieldOfUnknownPaths() {
        let error = ScrapeError(MaskFault.unknown("limits.nosuch")).rpcError
        #expect(error.code == .invalidArgument)
        #expect(error.message.hasPrefix("update_mask must name only fields of the resource"))
    }
}
