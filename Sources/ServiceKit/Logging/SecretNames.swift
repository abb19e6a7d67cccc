/// Names whose values are shown to nobody: neither in a log nor in a trace.
enum SecretNames {
    /// What stands in the place of a hidden value.
    static let hidden = "[masked]"

    private static let parts = [
        "authorization", "password", "passwd", "passphrase", "secret", "token", "cookie", "credential", "signature",
        "api-key", "api_key", "apikey", "private-key", "private_key",
    ]

    /// Whether a value under this name is hidden.
    static func contains(_ name: String) -> Bool {
        let name = name.lowercased()
        return parts.contains { name.contains($0) }
    }
}
