import DescriptorSet
import Jobs
import Logging
import Outbound
import Persistence
import PolicyModel
public import ServiceKit
import ServiceLifecycle
import Wire

/// The role that fetches pages within what sites ask for, and takes records from them.
public enum ScrapeService {
    /// The role's name.
    public static let name = "scrape"
    private static let port = 7430

    private static let identity = PeerDefinition("identity", role: .identity, of: name, port: 7420)
    private static let compliance = AuditRelay.peer(of: name)

    /// The role as another one calls it.
    public static func peer(of caller: String) -> PeerDefinition {
        PeerDefinition(name, role: .scrape, of: caller, port: port, isOptional: true)
    }

    /// The role for `datavault`.
    public static func role() -> RoleDefinition {
        RoleDefinition(
            name, role: .scrape, port: port, settings: ScrapeSettings.all, peers: [identity, compliance],
            migrations: migrations,
            descriptorSet: { DescriptorSet.array }, assemble: { context in try assemble(context) })
    }

    static let migrations = Replay.migrations + JobsMigrations.all + ScrapeMigrations.all

    private static func assemble(_ context: RoleContext) throws -> RoleAssembly {
        let (settings, store, environment) = (context.settings, context.store, ScrapeEnvironment())
        // A step is many writes, and its end is one: rows of steps that are done would only be swept.
        var jobs = JobsConfiguration()
        jobs.keepSucceeded = .zero
        let queue = JobQueue(store, configuration: jobs)
        let client = try OutboundClient(try ScrapeSettings.outbound(settings), logger: context.logger)
        let fetcher = PageFetcher(client: client, timeouts: ScrapeSettings.timeouts(settings))
        let robots = RobotsKeeper(store: store, fetcher: fetcher, now: environment.now)
        let pool = ExtractionPool(threads: settings[ScrapeSettings.threads])
        let (plans, limits) = (CrawlPlans(terms: ScrapeSettings.terms(settings)), ScrapeSettings.limits(settings))
        let outbox = Outbox(store)
        let audit = AuditOutbox(outbox)
        let core = ScrapeCore(
            store: store, replay: Replay(store: store), audit: audit, plans: plans, environment: environment,
            limits: limits)
        let objects = try context.objects()
        let worker = CrawlWorker(
            queue: queue, fetcher: fetcher, robots: robots, pool: pool,
            evidence: EvidenceKeeper(objects: objects, environment: environment), audit: audit, plans: plans,
            environment: environment, retries: RetryRules(attempts: settings[ScrapeSettings.attempts]),
            logger: context.logger)
        let previewer = Previewer(
            store: store, fetcher: fetcher, robots: robots, pool: pool, environment: environment,
            limits: limits)
        return RoleAssembly(
            services: [
                ScrapersHandler(core: core, previewer: previewer),
                ScrapeJobsHandler(
                    core: core, queue: queue,
                    watch: JobWatch(store: store, environment: environment, limits: limits)),
                ScrapeRecordsHandler(
                    core: core, evidence: EvidenceReader(objects: objects, pool: pool),
                    downloads: Admission(limit: limits.downloads)),
            ],
            background: [
                ReplayCleaner(store: store, logger: context.logger),
                JobSweeper(
                    store: store, objects: objects, environment: environment,
                    configuration: ScrapeSettings.sweeper(settings), logger: context.logger),
                RobotsSweeper(robots: robots, environment: environment, logger: context.logger),
                StepKeeper(queue: queue, environment: environment, logger: context.logger),
                JobWorker(
                    queue, handlers: [worker.handler(concurrency: settings[ScrapeSettings.workers])],
                    configuration: workers, logger: context.logger),
                OutboxRelay(
                    outbox, [AuditRelay.destination(context.peer(compliance.name))],
                    configuration: context.relayConfiguration, logger: context.logger),
            ],
            denials: audit)
    }

    private static var workers: WorkerConfiguration {
        var configuration = WorkerConfiguration()
        configuration.name = name
        configuration.lease = .seconds(15)
        configuration.heartbeat = .seconds(3)
        return configuration
    }
}
