import Crypto
import IdentityContract
import Policy
import Synchronization

/// A secret of a key, of either kind, and when it was used.
final class KeySecret: Sendable {
    /// The key's and the secret's identifiers, for reports of use.
    let keyID: String
    let id: String
    /// When it stops working, in milliseconds since 1970; `Int64.max`: with the key.
    let expiresAt: Int64
    /// What requests are signed with; nil for a secret that is sent.
    let signingKey: SymmetricKey?
    /// When its use was last noted, in milliseconds since 1970.
    let lastNoted = Atomic<Int64>(0)

    init(keyID: String, id: String, expiresAtMs: Int64, signingKey: SymmetricKey? = nil) {
        (self.keyID, self.id, self.signingKey) = (keyID, id, signingKey)
        expiresAt = expiresAtMs == 0 ? .max : expiresAtMs
    }
}

/// The hash of a secret as a key of a dictionary.
struct SecretDigest: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Takes 32 bytes; nil for another number of them.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        self.words = (words[0], words[1], words[2], words[3])
    }

    static func == (left: SecretDigest, right: SecretDigest) -> Bool { left.words == right.words }
    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// A key as Identity describes it.
struct ApiKeyRecord: Sendable {
    /// Without `api-keys/`.
    let id: String
    let caller: KnownCaller
    /// Secrets that are sent, by the hash of their text.
    let secrets: [(digest: SecretDigest, secret: KeySecret)]
    /// Secrets that requests are signed with, the newest first.
    let signingSecrets: [KeySecret]

    /// Reads a message; nil if it lacks what a key has to have.
    init?(_ message: Datavault_Identity_V1_ApiKeyCredential) {
        guard !message.id.isEmpty, !message.organization.isEmpty else { return nil }
        id = message.id
        caller = KnownCaller(
            organization: message.organization, subject: "api-keys/\(message.id)", kind: .apiKey,
            permissions: Set(message.permissions), expiresAt: message.expiresAtMs == 0 ? .max : message.expiresAtMs,
            networks: AddressList(message.allowedNetworks))
        var secrets: [(digest: SecretDigest, secret: KeySecret)] = []
        for secret in message.secrets {
            guard let digest = SecretDigest(secret.hash) else { return nil }
            let kept = KeySecret(keyID: message.id, id: secret.id, expiresAtMs: secret.expiresAtMs)
            secrets.append((digest, kept))
        }
        self.secrets = secrets
        var signingSecrets: [KeySecret] = []
        for secret in message.signingSecrets {
            // A short one would make every signature of the key a guess.
            guard secret.secret.count == 32 else { return nil }
            signingSecrets.append(
                KeySecret(
                    keyID: message.id, id: secret.id, expiresAtMs: secret.expiresAtMs,
                    signingKey: SymmetricKey(data: secret.secret)))
        }
        self.signingSecrets = signingSecrets
    }
}
