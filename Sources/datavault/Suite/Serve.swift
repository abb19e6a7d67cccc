import ArgumentParser
import Foundation
import Policy
import ServiceKit

/// One role.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start one role in this process.",
        discussion: """
            The role is alive at once and ready when all that it needs is there, in whatever order roles and databases \
            start; `/readyz` says what is missing. Its database is migrated by `datavault migrate`, not by the start.

              datavault serve example --config /etc/datavault.yaml
            """
    )

    @Argument(help: "The role.")
    var role: String

    @OptionGroup var options: SettingOptions

    func run() async throws {
        let role = try Roles.named(role)
        let settings = try options.settings()
        let keys: PrincipalKeys
        do { keys = try PrincipalKeys(settings) } catch { throw CommandFailure.exit("\(error)") }
        let process = try SuiteProcess(settings, name: role.name)
        try await process.run([role], { $0.principalKeys = keys }) { suite in
            StandardOutput.write(suite.roles.map { "\($0.definition.name) is ready at \($0.address)" })
        }
    }
}
