import ExampleContract
import Foundation
import Persistence
import PolicyModel
public import ServiceKit
import Wire

/// A small service with one table, one job and one audited call: what ServiceKit is tested with, and what `datavault up`
/// starts until the suite's own services stand.
public enum ExampleService {
    /// The role for `datavault`. Its certificate is the pipeline's, as the contract knows no role of examples.
    public static let role = RoleDefinition(
        "example", role: .pipeline, port: 7410, migrations: Replay.migrations + NoteStore.migrations,
        descriptorSet: {
            [UInt8](Data(base64Encoded: ExampleDescriptors.base64, options: .ignoreUnknownCharacters) ?? Data())
        },
        assemble: { context in
            let replay = Replay(store: context.store)
            return RoleAssembly(
                services: [NotesHandler(notes: NoteStore(store: context.store), replay: replay)],
                background: [ReplayCleaner(store: context.store, logger: context.logger)])
        })
}
