/// One setting, declared where it is read.
///
///     static let level = SettingKey("log.level", default: LogLevel.info, "The least severe line that is written.")
///
/// It is written `log.level` in the file and in `--set`, and `DATAVAULT_LOG_LEVEL` in the environment.
public struct SettingKey<Value: SettingValue>: Sendable {
    /// Words with dots between, as `store.pool-size`.
    public let name: String
    /// The value if nobody sets one.
    public let defaultValue: Value
    /// What it is for, in sentences.
    public let summary: String
    /// Whether its value is shown to nobody; it can also lie in a file, which `NAME-file` names.
    public let isSecret: Bool
    /// What a value must be beyond its type, in words that follow "must be".
    public let bounds: String?
    /// Whether a value keeps to the bounds.
    let isInBounds: @Sendable (Value) -> Bool

    /// Declares a setting of any value.
    public init(_ name: String, default value: Value, secret: Bool = false, _ summary: String) {
        (self.name, defaultValue, self.summary, isSecret) = (name, value, summary, secret)
        bounds = nil
        isInBounds = { _ in true }
    }

    /// Declares a setting whose values lie in a range.
    public init(_ name: String, default value: Value, in range: ClosedRange<Value>, _ summary: String)
    where Value: Comparable {
        (self.name, defaultValue, self.summary, isSecret) = (name, value, summary, false)
        bounds = "\(range.lowerBound.settingText) to \(range.upperBound.settingText)"
        isInBounds = { range.contains($0) }
    }

    /// Declares a setting with a condition of its own.
    ///
    /// - Parameter bounds: The condition in words that follow "must be".
    public init(
        _ name: String, default value: Value, secret: Bool = false, _ summary: String, mustBe bounds: String,
        _ condition: @escaping @Sendable (Value) -> Bool
    ) {
        (self.name, defaultValue, self.summary, isSecret) = (name, value, summary, secret)
        (self.bounds, isInBounds) = (bounds, condition)
    }

    /// The key without its type, for a schema.
    public var declaration: SettingDeclaration {
        SettingDeclaration(
            name: name, type: Value.settingType, syntax: Value.settingSyntax, defaultText: defaultValue.settingText,
            summary: summary, isSecret: isSecret, bounds: bounds,
            defaultValue: defaultValue,
            parse: { text in
                guard let value = Value(setting: text) else {
                    return .failure(SettingFault("must be \(Value.settingSyntax ?? "a \(Value.settingType)")"))
                }
                guard isInBounds(value) else { return .failure(SettingFault("must be \(bounds ?? "something else")")) }
                return .success(value)
            })
    }
}

/// Why a text is no value of a setting.
struct SettingFault: Error {
    let text: String
    init(_ text: String) { self.text = text }
}

/// A setting without its type.
public struct SettingDeclaration: Sendable {
    /// As in `SettingKey`.
    public let name: String
    /// The type's name.
    public let type: String
    /// How a value is written.
    public let syntax: String?
    /// The default, as it would be written; empty if there is none.
    public let defaultText: String
    /// As in `SettingKey`.
    public let summary: String
    /// As in `SettingKey`.
    public let isSecret: Bool
    /// As in `SettingKey`.
    public let bounds: String?
    let defaultValue: any Sendable
    let parse: @Sendable (String) -> Result<any Sendable, SettingFault>

    /// The name in the environment.
    public var environmentName: String { Self.environmentName(name) }

    static let environmentPrefix = "DATAVAULT_"

    static func environmentName(_ name: String) -> String {
        environmentPrefix + name.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
    }
}
