import Crypto
import ServiceKit

/// The role's settings.
enum ComplianceSettings {
    /// `compliance.root-key-file`
    static let rootKeyFile = SettingKey(
        "compliance.root-key-file", default: "",
        "The root key that the log's signing keys and persons' keys are sealed with. Empty: `keys/root.key` in `data.folder`. All instances that share a database need the same."
    )
    /// `compliance.audit.batch`
    static let batch = SettingKey(
        "compliance.audit.batch", default: GroupAppender.Configuration().batch, in: 1...20_000,
        "Events that are written to the audit log in one transaction at most; those of one call stay together.")
    /// `compliance.audit.waiting`
    static let waiting = SettingKey(
        "compliance.audit.waiting", default: GroupAppender.Configuration().waiting, in: 1_000...1_000_000,
        "Events that wait to be written; further ones are refused with INTAKE_FULL, and come again.")
    /// `compliance.audit.readers`
    static let readers = SettingKey(
        "compliance.audit.readers", default: LogFeed.Configuration().readers, in: 1...100_000,
        "Streams of the audit log, tails and exports, that are served at a time.")
    /// `compliance.audit.readers-per-organization`
    static let readersPerOrganization = SettingKey(
        "compliance.audit.readers-per-organization", default: LogFeed.Configuration().readersPerLog, in: 1...10_000,
        "Streams of one organization's audit log at a time; one more is refused with TOO_MANY_READERS.")
    /// `compliance.audit.heartbeat`
    static let heartbeat = SettingKey(
        "compliance.audit.heartbeat", default: LogFeed.Configuration().heartbeat,
        in: Duration.milliseconds(100)...Duration.seconds(300),
        "The longest time between two messages of a tail of the audit log.")
    /// `compliance.audit.poll`
    static let poll = SettingKey(
        "compliance.audit.poll", default: LogFeed.Configuration().poll,
        in: Duration.milliseconds(10)...Duration.seconds(60),
        "How often a tail looks for entries that other instances have written.")
    /// `compliance.audit.checkpoint-interval`
    static let checkpointInterval = SettingKey(
        "compliance.audit.checkpoint-interval", default: CheckpointSigner.Configuration().interval,
        in: Duration.seconds(1)...Duration.seconds(604_800),
        "The time between two checkpoints that are signed and kept of a log, as long as it grows.")
    /// `compliance.audit.checkpoints`
    static let checkpoints = SettingKey(
        "compliance.audit.checkpoints", default: CheckpointSigner.Configuration().kept, in: 1...1_000_000,
        "Checkpoints that are kept of each log; of more the oldest is dropped.")

    static let all = [
        rootKeyFile.declaration, batch.declaration, waiting.declaration, readers.declaration,
        readersPerOrganization.declaration, heartbeat.declaration, poll.declaration, checkpointInterval.declaration,
        checkpoints.declaration,
    ]

    /// The root key's file, as settings name it.
    static func rootKeyPath(_ settings: Settings) -> String {
        let named = settings[rootKeyFile]
        return named.isEmpty ? KeyFolder("\(settings[SuiteSettings.dataFolder])/keys").rootKey : named
    }

    /// Reads the root key.
    ///
    /// - Throws: `SuiteFailure` with what to do.
    static func rootKeyRing(_ settings: Settings) throws -> RootKeyRing {
        do { return try RootKey.ring(file: rootKeyPath(settings)) } catch {
            throw SuiteFailure(
                "compliance has no root key to seal keys with: \(error). `datavault keys root` makes one; "
                    + "\(rootKeyFile.name) says where it lies.")
        }
    }
}
