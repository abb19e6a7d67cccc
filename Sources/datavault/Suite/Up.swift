import ArgumentParser
import Foundation
import Policy
import PolicyModel
import ServiceKit

/// All roles in one process.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the whole suite in this process, with nothing to set up.",
        discussion: """
            Databases are SQLite files, keys are made at the first start, and everything lies in data.folder. Ends on \
            SIGINT or SIGTERM when calls in hand are done; a second signal ends it at once.

              datavault up
              datavault up --set data.folder=/var/lib/datavault --set log.level=debug
            """
    )

    @OptionGroup var options: SettingOptions

    func run() async throws {
        let settings = try options.settings()
        let process = try SuiteProcess(settings, name: "datavault")
        let folder = settings[SuiteSettings.dataFolder]
        let keys: DevelopmentKeys
        do {
            try Suite.prepareFolder(folder)
            keys = try await DevelopmentKeys.prepare(
                in: KeyFolder("\(folder)/keys"), trustDomain: TrustDomain(settings[SuiteSettings.trustDomain]))
        } catch { throw CommandFailure.exit("the keys in \(folder)/keys cannot be prepared: \(error)") }
        if !keys.changes.isEmpty { StandardOutput.write(keys.changes) }

        try await process.run(
            Roles.all,
            { options in
                options.isMigrating = true
                options.principalKeys = PrincipalKeys(fixed: [
                    keys.principal.keyID: PrincipalKeys.Key(
                        publicKey: keys.principal.publicKey,
                        certificateFingerprint: keys.certificates[.gateway]?.fingerprint)
                ])
            },
            whenReady: { suite in Self.announce(suite, folder) })
    }

    private static func announce(_ suite: Suite, _ folder: String) {
        var lines = ["DataVault is ready."]
        for role in suite.roles {
            lines.append(
                "  \(role.definition.name): RPCs at \(role.address), operators at http://\(role.adminAddress)/readyz")
        }
        let place = folder == SuiteSettings.dataFolder.defaultValue ? "" : "--set data.folder=\(folder) "
        lines.append("Its data and keys are in \(folder). A first call, from another terminal:")
        lines.append(
            "  \(CommandLine.arguments[0]) call \(place)--organization acme NotesService/CreateNote "
                + "'{\"note\": {\"text\": \"hello\"}}'")
        lines.append("Ctrl-C ends it.")
        StandardOutput.write(lines)
    }
}
