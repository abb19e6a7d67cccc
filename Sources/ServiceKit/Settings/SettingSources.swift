import Configuration

/// Where settings are given: arguments win over the environment, and that over the file.
public struct SettingSources: Sendable {
    /// What `--set NAME=VALUE` gave.
    public var arguments: [String: String]
    /// The process's environment; only names that begin with `DATAVAULT_` are looked at.
    public var environment: [String: String]
    /// The file, if there is one.
    public var file: SettingsFile?

    /// The variable that names the file, where no argument does.
    public static let fileVariable = "DATAVAULT_CONFIG"
    /// Variables by which callers are told who they are (`datavault sign`, `collect`), no settings of a role: who calls from
    /// a shell may start roles from it, too.
    static let callersVariables: Set = ["DATAVAULT_KEY_ID", "DATAVAULT_SIGNING_SECRET"]

    /// Puts sources together.
    public init(arguments: [String: String] = [:], environment: [String: String] = [:], file: SettingsFile? = nil) {
        (self.arguments, self.environment, self.file) = (arguments, environment, file)
    }

    /// One source, under the name that errors and `config show` use.
    struct Source {
        let name: String
        let provider: any ConfigProvider
    }

    var sources: [Source] {
        let given = environment.filter { $0.key.hasPrefix(SettingDeclaration.environmentPrefix) }
        return [
            Source(name: "argument", provider: Self.provider("argument", arguments)),
            Source(
                name: "environment",
                provider: EnvironmentVariablesProvider(environmentVariables: given).prefixKeys(with: "datavault")),
            Source(name: "file", provider: Self.provider("file", file?.values.mapValues(\.text) ?? [:])),
        ]
    }

    private static func provider(_ name: String, _ values: [String: String]) -> any ConfigProvider {
        var content: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, value) in values { content[Self.key(key)] = ConfigValue(.string(value), isSecret: false) }
        return InMemoryProvider(name: name, values: content)
    }

    static func key(_ name: String) -> AbsoluteConfigKey {
        AbsoluteConfigKey(name.split(separator: ".", omittingEmptySubsequences: false).map(String.init))
    }
}
