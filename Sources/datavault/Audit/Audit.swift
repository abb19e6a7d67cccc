import ArgumentParser

/// The audit log, for those who do not believe its keeper.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Export the audit log, and verify exports.",
        subcommands: [AuditVerify.self, AuditExport.self])
}
