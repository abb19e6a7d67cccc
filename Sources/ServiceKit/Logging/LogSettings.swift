public import Logging

/// What is logged, and how it looks.
public enum LogSettings {
    /// How lines look.
    public enum Format: String, SettingChoice {
        /// One object a line.
        case json
        /// For people.
        case console
        /// `console` on a terminal, otherwise `json`.
        case auto
    }

    /// Which calls leave a line.
    public enum Calls: String, SettingChoice {
        /// All, with code and time.
        case all
        /// Those that failed through the fault of a service.
        case failed
        /// None.
        case none
    }

    /// `log.level`
    public static let level = SettingKey(
        "log.level", default: Logger.Level.info, "The least severe lines that are kept.")
    /// `log.format`
    public static let format = SettingKey(
        "log.format", default: Format.auto, "How lines look; `auto` is `console` on a terminal, otherwise `json`.")
    /// `log.calls`
    public static let calls = SettingKey(
        "log.calls", default: Calls.failed,
        "Which calls leave a line: those that failed through a service's fault (INTERNAL, UNKNOWN, DATA_LOSS), all, none."
    )
    /// `log.line-size`
    public static let lineSize = SettingKey(
        "log.line-size", default: ByteCount(16 << 10), in: ByteCount(512)...ByteCount(1 << 20),
        "The longest line; what is longer is cut and says so.")
    /// `log.queue-size`
    public static let queueSize = SettingKey(
        "log.queue-size", default: ByteCount(4 << 20), in: ByteCount(64 << 10)...ByteCount(1 << 30),
        "Bytes that may wait to be written; beyond it lines are dropped, and their number is written.")

    /// The section for a schema.
    public static let section = SettingsSchema.Section(
        "Logging", "Lines go to standard error. Secrets are masked.",
        [
            level.declaration, format.declaration, calls.declaration, lineSize.declaration, queueSize.declaration,
        ])
}

extension Logger.Level: SettingChoice {}
