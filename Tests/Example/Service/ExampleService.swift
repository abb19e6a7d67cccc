import ExampleContract
import Foundation
import Jobs
import Persistence
import PolicyModel
public import ServiceKit
import Wire

/// A small service with one table, one job and one audited call: what the ground is tested with, and what `datavault up`
/// starts until the suite's own services stand.
public enum ExampleService {
    private static let name = "example"
    private static let port = 7410
    /// Where changes are told. The journal is served by the same role, and reached as another one would be.
    private static let journal = peer(of: name)

    private static let identity = PeerDefinition("identity", role: .identity, of: name, port: 7420)

    /// The role as another one calls it.
    public static func peer(of caller: String) -> PeerDefinition {
        PeerDefinition(name, role: .pipeline, of: caller, port: port, isOptional: caller != name)
    }

    /// The role for `datavault`. Its certificate is the pipeline's, as the contract knows no role of examples.
    public static let role = RoleDefinition(
        name, role: .pipeline, port: port, peers: [journal, identity], migrations: migrations,
        descriptorSet: descriptorSet,
        assemble: { context in assemble(context) })

    private static let migrations =
        Replay.migrations + JobsMigrations.all + NoteStore.migrations + JournalStore.migrations

    /// The serialized descriptor set of its contract.
    @Sendable public static func descriptorSet() -> [UInt8] {
        [UInt8](Data(base64Encoded: ExampleDescriptors.base64, options: .ignoreUnknownCharacters) ?? Data())
    }

    private static func assemble(_ context: RoleContext) -> RoleAssembly {
        let (queue, outbox) = (
            JobQueue(context.store, configuration: context.jobsConfiguration), Outbox(context.store)
        )
        let audit = AuditOutbox(outbox, destination: JournalRelay.destination, encode: JournalRelay.encode)
        let notes = NotesHandler(
            notes: NoteStore(store: context.store), replay: Replay(store: context.store), queue: queue, audit: audit)
        return RoleAssembly(
            services: [notes, JournalHandler(journal: JournalStore(store: context.store))],
            background: [
                ReplayCleaner(store: context.store, logger: context.logger),
                JobWorker(
                    queue, handlers: [WordCount.handler], configuration: context.workerConfiguration,
                    logger: context.logger),
                OutboxRelay(
                    outbox, [JournalRelay.destination(context.peer(journal.name))],
                    configuration: context.relayConfiguration, logger: context.logger),
            ],
            denials: audit)
    }
}
