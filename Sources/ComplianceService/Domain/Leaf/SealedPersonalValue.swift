package import Crypto
import Foundation

/// A value that tells of a person, as a leaf keeps it: a commitment, which binds the log to the value and tells nothing of
/// it, and the value and the commitment's salt encrypted under the person's key. Once that key is gone, neither can be
/// found out: a salt of 32 random bytes makes guessing hopeless.
package struct SealedPersonalValue: Sendable, Hashable {
    package static let keyIDSize = 16
    package static let saltSize = 32
    package static let commitmentSize = 32
    private static let nonceSize = 12

    /// What it is: `source_address`.
    package let name: String
    /// Of whom it tells: `users/{user}`.
    package let subject: String
    /// The key that it is encrypted under: 16 random bytes.
    package let keyID: [UInt8]
    /// HMAC-SHA256 under the salt over name and value: 32 bytes.
    package let commitment: [UInt8]
    /// A nonce (12 bytes), salt and value under AES-256-GCM, and the tag (16 bytes).
    package let ciphertext: [UInt8]

    package init(name: String, subject: String, keyID: [UInt8], commitment: [UInt8], ciphertext: [UInt8]) {
        (self.name, self.subject, self.keyID) = (name, subject, keyID)
        (self.commitment, self.ciphertext) = (commitment, ciphertext)
    }

    /// Encrypts a value.
    ///
    /// - Parameters:
    ///   - organization: Whose log it will stand in; it opens there only.
    ///   - salt, nonce: 32 and 12 random bytes, never used again.
    package init(
        name: String, subject: String, value: String, organization: String, keyID: [UInt8], key: SymmetricKey,
        salt: [UInt8], nonce: [UInt8]
    ) throws {
        let text = Array(value.utf8)
        let box = try AES.GCM.seal(
            salt + text, using: key, nonce: AES.GCM.Nonce(data: nonce),
            authenticating: try Self.place(organization, name, subject, keyID))
        self.init(
            name: name, subject: subject, keyID: keyID, commitment: try Self.commitment(name, text, salt: salt),
            ciphertext: nonce + Array(box.ciphertext) + Array(box.tag))
    }

    /// Decrypts the value; nil if the key is another one, or the commitment is of another value.
    package func opened(organization: String, key: SymmetricKey) -> OpenedPersonalValue? {
        guard let place = try? Self.place(organization, name, subject, keyID),
            let box = try? AES.GCM.SealedBox(combined: ciphertext),
            let text = try? AES.GCM.open(box, using: key, authenticating: place), text.count >= Self.saltSize
        else { return nil }
        let opened = OpenedPersonalValue(
            salt: Array(text.prefix(Self.saltSize)), value: Array(text.dropFirst(Self.saltSize)))
        return isOpened(by: opened) ? opened : nil
    }

    /// Whether these are the value and the salt that the log has committed to.
    package func isOpened(by opened: OpenedPersonalValue) -> Bool {
        opened.salt.count == Self.saltSize
            && (try? Self.commitment(name, opened.value, salt: opened.salt)) == commitment
    }

    private static func commitment(_ name: String, _ value: [UInt8], salt: [UInt8]) throws(LeafError) -> [UInt8] {
        var writer = LeafWriter()
        writer.write(exactly: Array("datavault audit commitment v1\0".utf8))
        try writer.write(name, "personal.name")
        writer.write(exactly: value)
        return Array(HMAC<SHA256>.authenticationCode(for: writer.bytes, using: SymmetricKey(data: salt)))
    }

    private static func place(
        _ organization: String, _ name: String, _ subject: String, _ keyID: [UInt8]
    ) throws(LeafError) -> [UInt8] {
        var writer = LeafWriter()
        writer.write(exactly: Array("datavault audit personal v1\0".utf8))
        try writer.write(organization, "organization")
        try writer.write(name, "personal.name")
        try writer.write(subject, "personal.subject")
        writer.write(exactly: keyID)
        return writer.bytes
    }
}

/// What lets anybody see that a leaf's commitment is to a value.
package struct OpenedPersonalValue: Sendable, Hashable {
    package let salt: [UInt8]
    /// UTF-8.
    package let value: [UInt8]

    package init(salt: [UInt8], value: [UInt8]) { (self.salt, self.value) = (salt, value) }
}
