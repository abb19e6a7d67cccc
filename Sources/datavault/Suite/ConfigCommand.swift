import ArgumentParser
import Foundation
import ServiceKit

/// Commands about settings.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show what can be set, and what is.",
        subcommands: [ConfigReference.self, ConfigShow.self]
    )
}

/// All settings that there are.
struct ConfigReference: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference",
        abstract: "Print all settings with type, default and meaning.",
        discussion: """
              datavault config reference
              datavault config reference --format json
              datavault config reference --format env > production.env
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case markdown
        case json
        case env
    }

    @Option(help: "How it is written.")
    var format = Format.markdown

    func run() throws {
        switch format {
        case .markdown: print(SettingsReference.markdown(Roles.documented), terminator: "")
        case .json: print(try SettingsReference.json(Roles.documented), terminator: "")
        case .env: print(SettingsReference.environment(Roles.documented), terminator: "")
        }
    }
}

/// The settings that would hold.
struct ConfigShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the settings that hold here, and where each comes from; secrets are hidden.",
        discussion: """
              datavault config show --config /etc/datavault.yaml
              datavault config show --changed
            """
    )

    @Flag(help: "Only those that differ from their defaults.")
    var changed = false

    @OptionGroup var options: SettingOptions

    func run() throws {
        let settings = try options.settings()
        for setting in settings.schema.settings {
            let origin = settings.origin(of: setting)
            if changed, origin.source == "default" { continue }
            let place = origin.place.isEmpty ? origin.source : "\(origin.source), \(origin.place)"
            print("\(setting.name) = \(settings.shown(setting))  (\(place))")
        }
    }
}
