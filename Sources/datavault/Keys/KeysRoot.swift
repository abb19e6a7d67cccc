import ArgumentParser
import Logging
import Persistence
import ServiceKit

/// Makes the root key, and replaces it by another.
struct KeysRoot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "root",
        abstract: "Make the root key that stored secrets are sealed with, or replace it.",
        discussion: """
            Writes "\(RootKey.prefix)" and \(RootKey.size) random bytes in base64, with mode 0600. A file that exists is \
            never replaced: what its key sealed could not be opened again. Keep a copy where the backups are not.

              datavault keys root --out identity/root.key

            --rotate replaces the key in three steps, each of which it tells: the next key is announced, it seals, and \
            what the former has sealed is sealed anew. Between them every process that uses the file is started again, \
            one after the other; the suite goes on meanwhile. With --stopped, where none of them runs, it does all at \
            once. What was interrupted goes on when it is run again.

              datavault keys root --rotate --config /etc/datavault.yaml
            """
    )

    @Option(help: "The file to write.", completion: .file())
    var out: String?

    @Flag(help: "Replace the key that settings name by another.")
    var rotate = false

    @Flag(help: "With --rotate: no process runs that uses the file.")
    var stopped = false

    @Option(help: "With --rotate: the role whose file is meant; others that have the same take part.")
    var role = "identity"

    @OptionGroup var options: SettingOptions

    func validate() throws {
        guard rotate != (out != nil) else { throw ValidationError("Say either --out FILE or --rotate.") }
        if stopped, !rotate { throw ValidationError("--stopped belongs to --rotate.") }
    }

    func run() async throws {
        try await Keys.perform {
            guard let out else { return try await replace() }
            try await RootKey.create(file: out)
            print("\(out)  the root key: without it, what it seals is lost")
        }
    }

    private func replace() async throws {
        let settings = try options.settings()
        guard let use = try Roles.named(role).rootKey else {
            throw ValidationError("The role \(role) has no root key.")
        }
        let file = use.file(settings)
        let users = Roles.all.filter { $0.rootKey?.file(settings) == file }
        let names = users.map(\.name).joined(separator: " and ")
        let rotation = RootKeyRotation(file: file)
        while true {
            switch try rotation.ring().stage {
            case .settled where stopped: _ = try await rotation.rotate()
            case .settled:
                _ = try await rotation.announce()
                return print(
                    "1 of 3: \(file) has the next key, which opens and does not seal yet. Give the file to every instance "
                        + "of \(names), start each again, and run this once more.")
            case .announced:
                _ = try await rotation.rotate()
                guard stopped else {
                    return print(
                        "2 of 3: the new key seals, and the former opens still. Give the file to every instance of "
                            + "\(names), start each again, and run this once more.")
                }
            case .rotated:
                for user in users { try await reseal(user, settings, try rotation.ring()) }
                _ = try await rotation.settle()
                return print(
                    "3 of 3: nothing is sealed with the former key any more, and \(file) does not have it. Instances that "
                        + "run need not be started again. Keep a copy of the file where the backups are not.")
            }
        }
    }

    private func reseal(_ definition: RoleDefinition, _ settings: Settings, _ ring: RootKeyRing) async throws {
        guard let use = definition.rootKey, let keys = definition.settings.store else { return }
        let folder = settings[SuiteSettings.dataFolder]
        do {
            let store = try Store(
                keys.configuration(settings, defaultPath: "\(folder)/\(definition.name).db", isMigrating: false),
                logger: Logger(label: "datavault.keys"))
            let count = try await use.reseal(store, ring)
            await store.close()
            print("\(definition.name): \(count) sealed anew")
        } catch {
            throw CommandFailure.exit(
                "\(definition.name)'s secrets could not all be sealed anew, and the former key stays: \(error)")
        }
    }
}
