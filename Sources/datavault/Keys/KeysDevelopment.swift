import ArgumentParser
import ServiceKit

/// Makes all keys of a suite on one machine.
struct KeysDevelopment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "development",
        abstract: "Make all keys of a suite that runs on one machine.",
        discussion: """
            What `datavault up` does at its start: makes what is missing, renews certificates that have less than a third \
            of their life left, and leaves the rest. All roles share the folder, so it is for development only.

              datavault keys development --out run-data/keys
            """
    )

    @Option(help: "The folder to write to; made if it is missing.", completion: .directory)
    var out: String

    @Option(help: "What the roles' names begin with.")
    var trustDomain = TrustDomain.standard.name

    func run() async throws {
        try await Keys.perform {
            let keys = try await DevelopmentKeys.prepare(in: KeyFolder(out), trustDomain: TrustDomain(trustDomain))
            for change in keys.changes { print(change) }
            if keys.changes.isEmpty { print("All keys are in \(out).") }
        }
    }
}
