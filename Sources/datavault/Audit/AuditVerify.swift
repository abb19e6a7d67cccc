import ArgumentParser
import ComplianceService
import Foundation

/// Checks an export of the audit log with the public key alone.
struct AuditVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that an export of the audit log is whole and unchanged.",
        discussion: """
            Needs the export, the public key that checkpoints are signed with, and nothing else: no network, no \
            database. The key comes from GET /api/v1/audit-logs:keys, and is best kept since before there was a reason \
            to doubt. An earlier checkpoint that somebody has kept shows, too, that the log of then was not rewritten.

              datavault audit verify audit.ndjson --key 'datavault.local/audit+50655ac5+AYva…'
              datavault audit verify audit.ndjson --key … --checkpoint january.checkpoint
              datavault audit verify audit.ndjson --key … --entries | jq .action

            Ends with 0 if the export holds, with 1 if it does not, and says what is wrong in which line, and with 2 if \
            an argument or a file cannot be read. docs/audit.md has the form of exports.
            """
    )

    @Argument(help: "The export, or - for standard input.", completion: .file())
    var file: String

    @Option(help: "A public key that may have signed, as name+number+base64. May be repeated.")
    var key: [String]

    @Option(help: "A file with an earlier checkpoint of the same log. May be repeated.", completion: .file())
    var checkpoint: [String] = []

    @Flag(help: "Print the entries as lines of JSON, each once it has been read; they hold if the command ends with 0.")
    var entries = false

    func run() throws {
        let keys = try key.map { try Self.key($0) }
        guard !keys.isEmpty else { throw CommandFailure.exit("--key is missing") }
        let earlier = try checkpoint.map { try Self.checkpoint($0, keys) }
        do throws(ExportFile.Failure) {
            let report = try ExportFile(path: file).verify(ExportVerifier(keys: keys, earlier: earlier)) {
                index, leaf in
                if entries { StandardOutput.write([EntryText.json(index, leaf)]) }
            }
            // Beside entries, which somebody may read on.
            let output = entries ? FileHandle.standardError : FileHandle.standardOutput
            output.write(Data("\(Self.text(report))\n".utf8))
        } catch {
            switch error {
            case .unreadable(let reason): throw CommandFailure.exit(reason)
            case .broken(let failure):
                FileHandle.standardError.write(Data("datavault: the export does not hold: \(failure)\n".utf8))
                throw ExitCode(1)
            }
        }
    }

    private static func checkpoint(_ path: String, _ keys: [VerifierKey]) throws -> SignedCheckpoint {
        do {
            return try SignedCheckpoint(String(contentsOfFile: path, encoding: .utf8), keys: keys)
        } catch {
            throw CommandFailure.exit("\(path): \(error)")
        }
    }

    static func key(_ text: String) throws -> VerifierKey {
        guard let key = VerifierKey(text) else {
            throw CommandFailure.exit("\(text) is no key: name+number+base64, as GET /api/v1/audit-logs:keys gives it")
        }
        return key
    }

    /// What a verified export has shown.
    static func text(_ report: ExportVerifier.Report) -> String {
        let time = Date(timeIntervalSince1970: TimeInterval(report.time)).formatted(.iso8601)
        var lines = [
            "\(report.origin): holds.",
            "Entries \(report.first) to \(report.end) of \(report.size), as signed at \(time).",
        ]
        if report.personal > 0 { lines.append("\(report.opened) of \(report.personal) personal values are disclosed.") }
        if report.continued > 0 { lines.append("\(report.continued) earlier checkpoint(s) continued.") }
        if report.unchecked > 0 {
            lines.append("\(report.unchecked) earlier checkpoint(s) not checked: the export lacks the entries for it.")
        }
        return lines.joined(separator: "\n")
    }
}
