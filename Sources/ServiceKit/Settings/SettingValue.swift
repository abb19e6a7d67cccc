/// A type of setting: how it is written as text, in arguments, in the environment and in the file alike.
public protocol SettingValue: Sendable, Equatable {
    /// What the reference calls the type, as `duration`.
    static var settingType: String { get }
    /// How a value of the type is written, for errors and the reference; nil where the type's name says it.
    static var settingSyntax: String? { get }
    /// Reads a value; nil if the text is none of the type.
    init?(setting text: String)
    /// The value as it would be written.
    var settingText: String { get }
}

extension SettingValue {
    public static var settingSyntax: String? { nil }
}

extension String: SettingValue {
    public static var settingType: String { "text" }
    public init?(setting text: String) { self = text }
    public var settingText: String { self }
}

extension Bool: SettingValue {
    public static var settingType: String { "boolean" }
    public static var settingSyntax: String? { "true or false" }
    public init?(setting text: String) { self.init(text) }
    public var settingText: String { description }
}

extension Int: SettingValue {
    public static var settingType: String { "integer" }
    public init?(setting text: String) { self.init(text) }
    public var settingText: String { description }
}

extension Double: SettingValue {
    public static var settingType: String { "number" }
    public init?(setting text: String) {
        guard let value = Double(text), value.isFinite else { return nil }
        self = value
    }
    public var settingText: String { description }
}

extension Optional: SettingValue where Wrapped: SettingValue {
    public static var settingType: String { Wrapped.settingType }
    public static var settingSyntax: String? { Wrapped.settingSyntax }
    public init?(setting text: String) {
        if text.isEmpty {
            self = .none
        } else {
            guard let value = Wrapped(setting: text) else { return nil }
            self = .some(value)
        }
    }
    public var settingText: String { self?.settingText ?? "" }
}

/// Texts separated by commas; in the file also a sequence.
extension Array: SettingValue where Element: SettingValue {
    public static var settingType: String { "list of \(Element.settingType)" }
    public static var settingSyntax: String? { "values separated by commas" }
    public init?(setting text: String) {
        var values: [Element] = []
        for part in text.split(separator: ",") {
            guard let value = Element(setting: part.trimmed) else { return nil }
            values.append(value)
        }
        self = values
    }
    public var settingText: String { map(\.settingText).joined(separator: ",") }
}

/// A choice: an enumeration whose raw values are what is written.
public protocol SettingChoice: SettingValue, CaseIterable, RawRepresentable where RawValue == String {}

extension SettingChoice {
    public static var settingType: String { "choice" }
    public static var settingSyntax: String? { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
    public init?(setting text: String) { self.init(rawValue: text) }
    public var settingText: String { rawValue }
}

extension StringProtocol {
    /// Without blanks at either end.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
