import PolicyModel
import ServiceKit

/// The settings of the core: organizations, people, and the first start. Those of passwords, sessions and keys stand
/// beside what they are for.
enum CoreSettings {
    /// `identity.limits.users`
    static let users = SettingKey(
        "identity.limits.users", default: IdentityLimits().users, in: 1...1_000_000,
        "How many people an organization may have; one more is refused with LIMIT_REACHED.")
    /// `identity.first-admin.email`
    static let adminEmail = SettingKey(
        "identity.first-admin.email", default: "admin@localhost.localdomain",
        "The address by which the first admin logs in. Read at the first start only.", mustBe: "a mail address"
    ) { TextFormat.email.matches($0) }
    /// `identity.first-admin.password`
    static let adminPassword = SettingKey<String?>(
        "identity.first-admin.password", default: nil, secret: true,
        "The first admin's password. Empty: one is made, and written to `first-admin.json` in `data.folder`. Read at the first start only.",
        mustBe: "12 to 256 characters"
    ) { $0.map { (12...256).contains($0.unicodeScalars.count) } ?? true }

    static let all = [users.declaration, adminEmail.declaration, adminPassword.declaration]
}
