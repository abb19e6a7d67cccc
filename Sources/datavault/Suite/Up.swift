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

            At its first start it collects its own documentation once, in the background, into first-run in data.folder.

              datavault up
              datavault up --set data.folder=/var/lib/datavault --set log.level=debug
              datavault up --allow-address 127.0.0.1/32
            """
    )

    @Option(
        help: ArgumentHelp(
            "A network beyond the public Internet that crawls may reach; may be given many times.",
            discussion: "The same as --set scrape.outbound.allow-addresses=…", valueName: "cidr"))
    var allowAddress: [String] = []

    @OptionGroup var options: SettingOptions

    @Flag(
        help: "Leave out what the first start does once: collecting the suite's own documentation, to show how it goes."
    )
    var noFirstRun = false

    @Flag(help: .hidden) var example = false

    func run() async throws {
        let settings = try options.settings(allowing: allowAddress)
        let process = try SuiteProcess(settings, name: "datavault")
        let folder = settings[SuiteSettings.dataFolder]
        let firstRun = noFirstRun || example ? nil : FirstRun(folder: folder, settings: settings)
        let keys: DevelopmentKeys
        do {
            try Suite.prepareFolder(folder)
            keys = try await DevelopmentKeys.prepare(
                in: KeyFolder("\(folder)/keys"), trustDomain: TrustDomain(settings[SuiteSettings.trustDomain]))
        } catch { throw CommandFailure.exit("the keys in \(folder)/keys cannot be prepared: \(error)") }
        if !keys.changes.isEmpty { StandardOutput.write(keys.changes) }

        defer { firstRun?.end() }
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
            whenReady: { suite in
                StandardOutput.write(Announcement(suite, settings, firstRun: firstRun?.begin(suite)).lines)
            })
    }
}
