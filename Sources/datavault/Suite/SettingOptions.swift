import ArgumentParser
import Foundation
import ServiceKit

/// Where a command's settings come from.
struct SettingOptions: ParsableArguments {
    @Option(help: "A file with settings, YAML or JSON; DATAVAULT_CONFIG names one, too.", completion: .file())
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "A setting; wins over the environment (DATAVAULT_NAME) and the file. May be given many times.",
            valueName: "name=value"))
    var assignments: [String] = []

    private static let allowAddresses = "scrape.outbound.allow-addresses"

    /// Finds all settings, or says all that is wrong with them.
    ///
    /// - Parameter allowed: Networks that crawls may reach, in place of what the setting says.
    func settings(allowing allowed: [String] = []) throws -> Settings {
        var arguments: [String: String] = [:]
        for assignment in assignments {
            let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw ValidationError("--set takes NAME=VALUE, not \"\(assignment)\".")
            }
            guard arguments.updateValue(String(parts[1]), forKey: String(parts[0])) == nil else {
                throw ValidationError("--set \(parts[0]) is given twice.")
            }
        }
        if !allowed.isEmpty {
            guard arguments.updateValue(allowed.joined(separator: ","), forKey: Self.allowAddresses) == nil else {
                throw ValidationError("--allow-address and --set \(Self.allowAddresses) exclude each other.")
            }
        }
        let environment = ProcessInfo.processInfo.environment
        do {
            let path = config ?? environment[SettingSources.fileVariable]
            let file = try path.map { path throws(SettingsProblems) in try SettingsFile(path: path) }
            return try Settings(
                Roles.schema, from: SettingSources(arguments: arguments, environment: environment, file: file))
        } catch {
            throw CommandFailure.exit(
                "the settings are wrong:\n" + error.problems.map { "  \($0)" }.joined(separator: "\n")
                    + "\n`datavault config reference` lists all settings.")
        }
    }
}
