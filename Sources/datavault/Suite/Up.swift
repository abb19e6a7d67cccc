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

    @Flag(help: .hidden) var example = false

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
            example ? Roles.withExample : Roles.suite,
            { options in
                options.isMigrating = true
                options.principalKeys = PrincipalKeys(fixed: [
                    keys.principal.keyID: PrincipalKeys.Key(
                        publicKey: keys.principal.publicKey,
                        certificateFingerprint: keys.certificates[.gateway]?.fingerprint)
                ])
            },
            whenReady: { suite in StandardOutput.write(Announcement(suite, settings).lines) })
    }
}
