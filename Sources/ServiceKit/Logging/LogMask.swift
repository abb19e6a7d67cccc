import Foundation

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
        // The longest first, so that none is left in parts.
        self.secrets = Set(secrets.flatMap(Self.parts)).filter { $0.utf8.count >= Self.shortestSecret }
            .sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
    }

    /// A secret, and what is secret in it where it is more than that: the password of a URL, the values of a list of
    /// `name=value`.
    private static func parts(_ secret: String) -> [String] {
        var parts = [secret]
        if let password = URLComponents(string: secret)?.password { parts.append(password) }
        if !secret.contains("://") {
            for item in secret.split(separator: ",") {
                let pair = item.split(separator: "=", maxSplits: 1)
                if pair.count == 2 { parts.append(pair[1].trimmed) }
            }
        }
        return parts
    }

    /// A text without known secrets.
    func masked(_ text: String) -> String {
        var text = text
        for secret in secrets where text.contains(secret) { text = text.replacing(secret, with: SecretNames.hidden) }
        return text
    }
}
