import Persistence
import ScrapeContract
import ServiceKit
import Testing
import Wire

@testable import ScrapeService

/// Streams that watch jobs, and their bounds.
struct JobWatchTests {
    /// A watcher that has been told its job as it is.
    private func watcher(_ watch: JobWatch, _ name: String, _ organization: String) async -> Task<Void, any Error> {
        let told = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            defer { told.continuation.finish() }
            try await watch.stream(name, of: OrganizationID(organization)) { _ in told.continuation.yield() }
        }
        for await _ in told.stream { break }
        return task
    }

    @Test(arguments: crawlStores) func leavesPlacesForOtherOrganizations(_ kind: Store.Kind) async throws {
        try await withCrawlStore(kind) { store in
            let rules = CrawlGame.rules()
            let mine = try await CrawlGame(store, hosts: ["a.example"], size: 1, rules: rules, organization: "mine")
            let other = try await CrawlGame(store, hosts: ["a.example"], size: 1, rules: rules, organization: "other")
            var limits = ScrapeLimits()
            (limits.watchers, limits.ownWatchers) = (3, 2)
            let watch = JobWatch(store: store, environment: ScrapeEnvironment(), limits: limits)
            let name = ResourceName.jobs.name(mine.job)
            let first = await watcher(watch, name, "mine")
            let second = await watcher(watch, name, "mine")
            let refused = await #expect(throws: ScrapeError.self) {
                try await watch.stream(name, of: OrganizationID("mine")) { _ in }
            }
            #expect(refused?.rpcError.code == .resourceExhausted)
            let others = await watcher(watch, ResourceName.jobs.name(other.job), "other")
            // Who leaves is cancelled, which is no error of the service's, and gives its place back.
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            let third = await watcher(watch, name, "mine")
            watch.drain()
            for task in [second, third, others] {
                let error = await #expect(throws: RPCError.self) { try await task.value }
                #expect(error?.code == .unavailable)
            }
        }
    }

    @Test(arguments: crawlStores) func knowsOnlyJobsOfTheOrganization(_ kind: Store.Kind) async throws {
        try await withCrawlStore(kind) { store in
            let game = try await CrawlGame(
                store, hosts: ["a.example"], size: 1, rules: CrawlGame.rules(), organization: "mine")
            let watch = JobWatch(store: store, environment: ScrapeEnvironment(), limits: ScrapeLimits())
            let error = await #expect(throws: ScrapeError.self) {
                try await watch.stream(ResourceName.jobs.name(game.job), of: OrganizationID("other")) { _ in }
            }
            #expect(error?.rpcError.code == .notFound)
        }
    }
}
