import Foundation

/// The reference of all settings, made of their declarations.
public enum SettingsReference {
    /// As Markdown, for `docs/configuration.md`.
    public static func markdown(_ schema: SettingsSchema) -> String {
        var lines = [
            "# Configuration", "",
            "<!-- Made by `datavault config reference`. Do not edit. -->", "",
            "A setting is given as `--set NAME=VALUE`, in the environment, or in the file that `--config` or",
            "`\(SettingSources.fileVariable)` names (YAML or JSON; dots in names may be nesting); the first of these wins.",
            "Unknown names and wrong values stop the start, all of them named. A secret can also lie in a file: give its",
            "path under the same name with `-file` behind it (`_FILE` in the environment).",
        ]
        for section in schema.sections {
            lines += ["", "## \(section.title)", "", section.summary, ""]
            lines += ["| name | environment | type | default | |", "|---|---|---|---|---|"]
            for setting in section.settings {
                var about = setting.summary
                if let bounds = setting.bounds { about += " Must be \(bounds)." }
                if setting.type == "choice", let syntax = setting.syntax { about += " Must be \(syntax)." }
                if setting.isSecret { about += " Secret." }
                let value = setting.defaultText.isEmpty ? "" : "`\(setting.defaultText)`"
                lines.append(
                    "| `\(setting.name)` | `\(setting.environmentName)` | \(setting.type) | \(value) | "
                        + "\(about.replacing("|", with: "\\|")) |")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Entry: Encodable {
        let section: String
        let name: String
        let environment: String
        let type: String
        let syntax: String?
        let `default`: String
        let bounds: String?
        let secret: Bool
        let summary: String
    }

    /// As JSON: a list of objects.
    public static func json(_ schema: SettingsSchema) throws -> String {
        let entries = schema.sections.flatMap { section in
            section.settings.map {
                Entry(
                    section: section.title, name: $0.name, environment: $0.environmentName, type: $0.type,
                    syntax: $0.syntax, default: $0.defaultText, bounds: $0.bounds, secret: $0.isSecret,
                    summary: $0.summary)
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(entries), as: UTF8.self) + "\n"
    }

    /// As a file for the environment, each setting with its default, commented out.
    public static func environment(_ schema: SettingsSchema) -> String {
        var lines: [String] = []
        for section in schema.sections {
            lines += ["# \(section.title): \(section.summary)", ""]
            for setting in section.settings {
                lines += ["# \(setting.summary)", "#\(setting.environmentName)=\(setting.defaultText)", ""]
            }
        }
        return lines.joined(separator: "\n")
    }
}
