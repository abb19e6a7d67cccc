import DescriptorSet
import Foundation
import Jobs
import Persistence
import PolicyModel
public import ServiceKit
import ServiceLifecycle
import Wire

/// Keeps the audit log: what all roles tell, each event once, in trees that prove that nothing was changed or left out.
public enum ComplianceService {
    private static let name = "compliance"
    private static let port = 7450
    private static let identity = PeerDefinition("identity", role: .identity, of: name, port: 7420)

    /// The role for `datavault`.
    public static func role() -> RoleDefinition {
        var definition = RoleDefinition(
            name, role: .compliance, port: port, settings: ComplianceSettings.all, peers: [identity],
            migrations: migrations, descriptorSet: { DescriptorSet.array }, assemble: { try assemble($0) })
        definition.rootKey = RootKeyUse(file: ComplianceSettings.rootKeyPath, reseal: AuditKeyReseal.perform)
        return definition
    }

    static let migrations = Replay.migrations + JobsMigrations.all + AuditMigrations.all

    private static func assemble(_ context: RoleContext) throws -> RoleAssembly {
        let (store, logger) = (context.store, context.logger)
        let ring = try ComplianceSettings.rootKeyRing(context.settings)
        let now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000_000) }
        let logKeys = LogKeyStore(name: "\(context.settings[SuiteSettings.trustDomain])/audit", ring)
        let subjectKeys = SubjectKeys(ring)
        let feed = LogFeed(configuration: feedConfiguration(context.settings))
        let appender = GroupAppender(
            store: store, writer: LogWriter(kind: store.kind, keys: subjectKeys),
            configuration: appendConfiguration(context.settings), now: now, logger: logger
        ) { logs in feed.grown(logs) }
        let outbox = Outbox(store)
        let audit = AuditOutbox(outbox)
        let start = LogKeyStart(store: store, keys: logKeys, now: now, logger: logger)
        return RoleAssembly(
            services: [
                AuditIntakeHandler(appender: appender),
                AuditLogsHandler(
                    store: store, replay: Replay(store: store), audit: audit, subjectKeys: subjectKeys,
                    logKeys: logKeys, feed: feed, now: now),
            ],
            background: [
                start, ReplayCleaner(store: store, logger: logger), LogMeter(store: store, logger: logger),
                CheckpointSigner(
                    store: store, keys: logKeys, configuration: signerConfiguration(context.settings), now: now,
                    logger: logger),
                OutboxRelay(
                    outbox, [ownRelay(appender)], configuration: context.relayConfiguration, logger: logger),
            ],
            checks: [start.check], denials: audit)
    }

    /// The role's own events go the way of all others', without a call.
    private static func ownRelay(_ appender: GroupAppender) -> OutboxDestination {
        AuditRelay.destination { events in
            _ = try await appender.append(
                try events.enumerated().map { index, event in
                    try AuditIntakeHandler.incoming(event, from: Role.compliance.rawValue, field: "events[\(index)]")
                })
        }
    }

    private static func feedConfiguration(_ settings: Settings) -> LogFeed.Configuration {
        var configuration = LogFeed.Configuration()
        configuration.readers = settings[ComplianceSettings.readers]
        configuration.readersPerLog = settings[ComplianceSettings.readersPerOrganization]
        configuration.heartbeat = settings[ComplianceSettings.heartbeat]
        configuration.poll = settings[ComplianceSettings.poll]
        return configuration
    }

    private static func signerConfiguration(_ settings: Settings) -> CheckpointSigner.Configuration {
        var configuration = CheckpointSigner.Configuration()
        configuration.interval = settings[ComplianceSettings.checkpointInterval]
        configuration.kept = settings[ComplianceSettings.checkpoints]
        return configuration
    }

    private static func appendConfiguration(_ settings: Settings) -> GroupAppender.Configuration {
        var configuration = GroupAppender.Configuration()
        configuration.batch = settings[ComplianceSettings.batch]
        configuration.waiting = settings[ComplianceSettings.waiting]
        return configuration
    }
}
