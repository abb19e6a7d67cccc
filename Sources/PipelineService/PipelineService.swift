import DescriptorSet
import Jobs
import Persistence
import PolicyModel
public import ServiceKit
import ServiceLifecycle
import Wire

/// Turns records into datasets: uploaded files, pipelines, their runs, and the datasets that come out.
public enum PipelineService {
    private static let name = "pipeline"
    private static let port = 7440
    private static let scrape = PeerDefinition(
        "scrape", role: .scrape, of: name, port: 7430, isOptional: true, isAwaited: false)
    private static let compliance = AuditRelay.peer(of: name)
    private static let identity = PeerDefinition("identity", role: .identity, of: name, port: 7420)

    /// The role for `datavault`.
    public static func role() -> RoleDefinition {
        RoleDefinition(
            name, role: .pipeline, port: port, settings: PipelineSettings.all, peers: [identity, scrape, compliance],
            migrations: migrations, descriptorSet: { DescriptorSet.array },
            assemble: { context in try assemble(context) })
    }

    static let migrations = Replay.migrations + JobsMigrations.all + PipelineMigrations.all

    private static func assemble(_ context: RoleContext) throws -> RoleAssembly {
        let (store, queue, outbox) = (context.store, JobQueue(context.store), Outbox(context.store))
        let audit = AuditOutbox(outbox)
        let hasScrape = context.hasPeer(scrape.name)
        let core = PipelineCore(
            store: store, objects: try context.objects(), replay: Replay(store: store), audit: audit, queue: queue,
            work: WorkPool(threads: context.settings[PipelineSettings.threads]),
            scrape: ScrapeRecords(
                channel: {
                    guard hasScrape else { throw RPCError(code: .unavailable, message: "there is no scrape role") }
                    return try context.peer(scrape.name).channel()
                }, role: .pipeline),
            bounds: PipelineBounds(context.settings), logger: context.logger)
        return RoleAssembly(
            services: services(core),
            background: [
                ReplayCleaner(store: store, logger: context.logger),
                OutboxRelay(
                    outbox, [AuditRelay.destination(context.peer(compliance.name))],
                    configuration: context.relayConfiguration, logger: context.logger),
                JobWorker(
                    queue, handlers: [RunJob.handler(core)], configuration: worker(context.settings),
                    logger: context.logger),
                ObjectSweeper(core: core), RunKeeper(core: core),
            ],
            checks: [ReadinessCheck("objects") { try await core.objects.check() }], denials: audit)
    }

    static func services(_ core: PipelineCore) -> [any ServiceHandler] {
        [
            FilesHandler(core: core), DatasetsHandler(core: core), PipelinesHandler(core: core),
            RunsHandler(core: core),
        ]
    }

    /// A worker that dies is missed soon: whoever waits for a run waits for that.
    private static func worker(_ settings: Settings) -> WorkerConfiguration {
        var configuration = WorkerConfiguration()
        configuration.lease = settings[PipelineSettings.lease]
        configuration.heartbeat = configuration.lease / 5
        configuration.maintenance = min(configuration.maintenance, configuration.lease)
        return configuration
    }
}
