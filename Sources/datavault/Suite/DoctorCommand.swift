import ArgumentParser
import Foundation
import ServiceKit

/// What is wrong, and what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at settings, keys, stores, ports, clock and disk, and say what is wrong and what to do.",
        discussion: """
            Changes nothing. Ends with 0 if the suite can work, with 1 if not, and with 2 if the settings cannot be read.

              datavault doctor
              datavault doctor --role example --config /etc/datavault.yaml
              datavault doctor --format json
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    @Option(help: "Look at this role only; may be given many times.")
    var role: [String] = []

    @Option(help: "How it is written.")
    var format = Format.text

    @OptionGroup var options: SettingOptions

    func run() async throws {
        let roles = role.isEmpty ? Roles.all : try role.map(Roles.named)
        let found = await Doctor(roles, settings: try options.settings()).examine()
        switch format {
        case .text:
            for diagnosis in found {
                let mark = diagnosis.verdict == .ok ? "ok     " : diagnosis.verdict == .warning ? "warning" : "FAILED "
                print("\(mark) \(diagnosis.subject): \(diagnosis.finding)")
                if !diagnosis.advice.isEmpty { print("        → \(diagnosis.advice)") }
            }
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(found), as: UTF8.self))
        }
        if found.contains(where: { $0.verdict == .failure }) { throw ExitCode(1) }
    }
}
