import ArgumentParser
import CollectTool
import ComplianceService
import Foundation
import ServiceKit

/// Takes a log, or a part of one, from a running suite.
struct AuditExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Take the organization's audit log from a running suite, as a file that anybody can verify.",
        discussion: """
            Writes lines of JSON with all that a verifier needs: whole, or not at all. With --key it is verified at once, and \
            the file stays only if it holds.

              datavault audit export --out audit.ndjson
              datavault audit export --out part.ndjson --first 1000 --end 2500 --key 'datavault.local/audit+…'
              datavault audit export --out january.ndjson --start-time 2026-01-01T00:00:00Z --end-time 2026-02-01T00:00:00Z

            The key to call with comes from --credentials, from --key-id and --secret-file or their variables, or from \
            first-admin.json in data.folder. Ends with 0; with 1 if the call failed, or the export does not hold; with 2 if \
            an argument is wrong. Each export is itself an entry of the log.
            """
    )

    @Option(help: "The file to write.", completion: .file())
    var out: String

    @Option(help: "The first entry.")
    var first: Int64 = 0

    @Option(help: "The entry after the last one; without it all there are.")
    var end: Int64?

    @Option(help: "Only what the log took at this time or later (RFC 3339: 2026-01-31T00:00:00Z).")
    var startTime: String?

    @Option(help: "Only what the log took before this time (RFC 3339).")
    var endTime: String?

    @Flag(help: "With what tells of persons, which needs the permission audit.personal.")
    var withPersonal = false

    @Flag(help: "The log of what concerns no organization, which needs the permission tenants.audit.")
    var suite = false

    @Option(help: "A public key that may have signed: the export is verified with it. May be repeated.")
    var key: [String] = []

    @OptionGroup(title: "By which suite") var access: CollectAccess
    @OptionGroup var options: SettingOptions

    func validate() throws {
        guard first >= 0, end.map({ $0 >= first && $0 > 0 }) ?? true else {
            throw ValidationError("--first and --end are no part of a log")
        }
    }

    func run() async throws {
        let keys = try key.map { try AuditVerify.key($0) }
        var query = [("first_index", "\(first)")]
        if let end { query.append(("end_index", "\(end)")) }
        if let startTime { query.append(("start_time", startTime)) }
        if let endTime { query.append(("end_time", endTime)) }
        if withPersonal { query.append(("with_personal", "true")) }
        if suite { query.append(("scope", "AUDIT_LOG_SCOPE_SUITE")) }
        let gateway: GatewayClient
        do throws(CollectFailure) {
            gateway = try CollectAccess.Found(access, settings: try Self.settings(options)).gateway()
        } catch { throw CommandFailure.exit("\(error)") }
        let unverified = keys.isEmpty ? out : "\(out).unverified"
        do {
            let size = try await gateway.download("/api/v1/audit-logs:export", query: query, to: unverified)
            await gateway.close()
            guard !keys.isEmpty else { return print("\(out): \(size) bytes") }
            let report = try ExportFile(path: unverified).verify(ExportVerifier(keys: keys)) { _, _ in }
            try Self.rename(unverified, out)
            print(AuditVerify.text(report))
        } catch let failure as ExportFile.Failure {
            FileHandle.standardError.write(Data("datavault: \(unverified): \(failure)\n".utf8))
            throw ExitCode(1)
        } catch {
            FileHandle.standardError.write(Data("datavault: the log could not be exported: \(error)\n".utf8))
            throw ExitCode(1)
        }
    }

    private static func settings(_ options: SettingOptions) throws(CollectFailure) -> Settings {
        do { return try options.settings() } catch { throw CollectFailure(.argument, "\(error)") }
    }

    private static func rename(_ old: String, _ new: String) throws {
        guard unsafe Foundation.rename(old, new) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }
}
