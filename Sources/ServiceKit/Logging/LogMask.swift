/// Hides what must not be read in a log: values under names that sound secret, and secrets that are known as such.
public struct LogMask: Sendable {
    /// Texts that are hidden wherever they stand: configured secrets. Short ones are not, as they would hide words.
    public var secrets: [String] = []
    /// The shortest text that is hidden wherever it stands.
    public static let shortestSecret = 6

    /// Makes a mask that knows names only.
    public init() {}

    /// Makes a mask that knows these texts, too.
    public init(secrets: [String]) {
        self.secrets = secrets.filter { $0.utf8.count >= Self.shortestSecret }
    }

    /// A text without known secrets.
    func masked(_ text: String) -> String {
        var text = text
        for secret in secrets where text.contains(secret) { text = text.replacing(secret, with: SecretNames.hidden) }
        return text
    }
}
