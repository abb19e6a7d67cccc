import Foundation
import ServiceKit

/// What the first admin needs to begin, as `first-admin.json` holds it.
struct FirstAdmin: Codable, Sendable, Equatable {
    /// `organizations/{organization}`.
    let organization: String
    /// `users/{user}`.
    let user: String
    let email: String
    /// Absent where it comes from the settings.
    let password: String?
    /// `api-keys/{key}`.
    let keyName: String?
    /// The key's secret.
    let key: String?
    let signingSecret: String?

    private enum CodingKeys: String, CodingKey {
        case organization, user, email, password
        case keyName = "key_name"
        case key
        case signingSecret = "signing_secret"
    }
}

/// The file of the first admin: at first beside its place, and in it once what it says is true.
struct FirstAdminFile: Sendable {
    /// `first-admin.json` in the data folder.
    let path: String

    /// Bytes of a file that is read: it has some hundred.
    private static let maximumSize = 16 * 1_024

    init(folder: String) { path = "\(folder)/first-admin.json" }

    private var pendingPath: String { path + DurableFile.pendingSuffix }

    /// Writes the file beside its place, and waits until it and its name are on the disk.
    func writePending(_ admin: FirstAdmin) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = [UInt8](try encoder.encode(admin)) + [UInt8(ascii: "\n")]
        try DurableFile.writePending(bytes, for: path, secret: true)
        try DurableFile.syncFolder(of: path)
    }

    /// Whom the file beside the place is about; nil if there is none, or it was not finished.
    func pending() throws -> FirstAdmin? {
        guard DurableFile.exists(pendingPath) else { return nil }
        let bytes = try DurableFile.read(pendingPath, limit: Self.maximumSize, secret: true)
        return try? JSONDecoder().decode(FirstAdmin.self, from: Data(bytes))
    }

    /// Puts the file in its place.
    func commit() throws {
        try DurableFile.commit(path)
        try DurableFile.syncFolder(of: path)
    }

    /// Removes what says something that did not become true.
    func discard() throws { try DurableFile.remove(pendingPath) }
}
