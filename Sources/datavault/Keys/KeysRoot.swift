import ArgumentParser
import ServiceKit

/// Makes the root key.
struct KeysRoot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "root",
        abstract: "Make the root key that stored secrets are sealed with.",
        discussion: """
            Writes "\(RootKey.prefix)" and \(RootKey.size) random bytes in base64, with mode 0600. A file that exists is \
            never replaced: what its key sealed could not be opened again. Keep a copy where the backups are not.

              datavault keys root --out identity/root.key
            """
    )

    @Option(help: "The file to write.", completion: .file())
    var out: String

    func run() async throws {
        try await Keys.perform {
            try await RootKey.create(file: out)
            print("\(out)  the root key: without it, what it seals is lost")
        }
    }
}
