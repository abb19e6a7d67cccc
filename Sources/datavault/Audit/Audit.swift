import ArgumentParser

/// The audit log, for those who do not believe its keeper.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verify exports of the audit log.",
        subcommands: [AuditVerify.self])
}
