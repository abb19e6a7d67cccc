import ArgumentParser

/// The one executable of the suite.
@main
struct DataVault: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "datavault",
        abstract: "Collects data from the web and from connectors, and can prove what happened to it.",
        version: "datavault \(Version.current)",
        subcommands: [
            Up.self, Serve.self, Collect.self, Migrate.self, Call.self, Sign.self, Audit.self, Contract.self,
            Keys.self, ConfigCommand.self, DoctorCommand.self, VersionCommand.self,
        ]
    )
}
