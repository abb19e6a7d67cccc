/// Hides what must not be read in a log: values under names that sound secret, and secrets that are known as such.
public struct LogMask: Sendable {
    /// What stands for a hidden value.
    public static let hidden = "[masked]"

    /// Parts of names whose values are hidden.
    public var secretNames = [
        "authorization", "password", "passwd", "secret", "token", "cookie", "credential", "signature", "api-key",
        "api_key",
        "apikey", "private-key", "private_key",
    ]
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

    /// Whether a value under this name is hidden.
    func hides(name: String) -> Bool {
        let name = name.lowercased()
        return secretNames.contains { name.contains($0) }
    }

    /// A text without known secrets.
    func masked(_ text: String) -> String {
        var text = text
        for secret in secrets where text.contains(secret) { text = text.replacing(secret, with: Self.hidden) }
        return text
    }
}
