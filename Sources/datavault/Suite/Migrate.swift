import ArgumentParser
import Foundation
import Logging
import Persistence
import ServiceKit

/// A role's tables.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a role's database to this program's tables, or back.",
        discussion: """
            Each migration is one transaction; two runners take turns. Uses ROLE.store.migration-url, or ROLE.store.url.

              datavault migrate example status
              datavault migrate example up
              datavault migrate example down --to "example 001 notes"
            """
    )

    enum Direction: String, ExpressibleByArgument, CaseIterable {
        case up
        case down
        case status
    }

    @Argument(help: "The role.")
    var role: String

    @Argument(help: "up applies what is pending, down takes migrations back, status changes nothing.")
    var direction: Direction = .status

    @Option(help: "up: the last migration to apply. down: the last one to keep; required, or --all.")
    var to: String?

    @Flag(help: "down: take everything back. All data of the role is lost.")
    var all = false

    @OptionGroup var options: SettingOptions

    func validate() throws {
        if direction == .down, to == nil, !all {
            throw ValidationError("Say what is to stay with --to NAME, or lose all data of the role with --all.")
        }
        if direction != .down, all { throw ValidationError("--all belongs to down.") }
        if to != nil, all { throw ValidationError("--to and --all exclude each other.") }
    }

    func run() async throws {
        let definition = try Roles.named(role)
        let settings = try options.settings()
        guard let keys = definition.settings.store else {
            throw ValidationError("The role \(role) keeps nothing, and has no tables.")
        }
        let folder = settings[SuiteSettings.dataFolder]
        do {
            try Suite.prepareFolder(folder)
            let owner = keys.configuration(
                settings, defaultPath: "\(folder)/\(definition.name).db", isMigrating: true)
            let store = try Store(owner, logger: Logger(label: "datavault.migrate"))
            let runtimeRole = settings[keys.runtimeRole]
            let migrator = try Migrator(definition.migrations, runtimeRole: runtimeRole.isEmpty ? nil : runtimeRole)
            switch direction {
            case .up: report(try await migrator.migrate(store, upTo: to), "applied")
            case .down: report(try await migrator.rollBack(store, to: to), "taken back")
            case .status: print(Self.text(try await migrator.status(of: store)))
            }
            await store.close()
        } catch { throw CommandFailure.exit("\(error)") }
    }

    private func report(_ names: [String], _ verb: String) {
        for name in names { print("\(verb): \(name)") }
        if names.isEmpty { print("There was nothing to do.") }
    }

    private static func text(_ status: MigrationStatus) -> String {
        var lines = status.applied.map { "applied: \($0)" }
        lines += status.pending.map { "pending: \($0)" }
        lines += status.unknown.map { "applied by another version, unknown here: \($0)" }
        lines += status.changed.map { "changed since it was applied: \($0)" }
        return lines.isEmpty ? "The role has no tables." : lines.joined(separator: "\n")
    }
}
