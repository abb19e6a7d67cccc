import Crypto
import Foundation

/// Makes keys for access tokens, and keeps their private halves under AEAD (ChaCha20-Poly1305, RFC 8439), bound to the
/// public ones.
struct TokenKeySealer: Sendable {
    private let key: SymmetricKey

    init(_ keys: DerivedKeys) { key = keys.key(for: .tokenKeySealing) }

    /// The root key is not the one that a key was sealed with.
    struct CannotOpen: Error, CustomStringConvertible {
        let id: String
        var description: String { "the token key \(id) cannot be opened: it was sealed with another root key" }
    }

    /// Makes a key.
    func make(number: Int64, createdAt: Int64, activeAt: Int64, retiredAt: Int64, expiresAt: Int64) throws -> TokenKey {
        let pair = Curve25519.Signing.PrivateKey()
        let publicKey = [UInt8](pair.publicKey.rawRepresentation)
        let box = try ChaChaPoly.seal(pair.rawRepresentation, using: key, authenticating: publicKey)
        return TokenKey(
            id: TokenKey.thumbprint(publicKey), number: number, publicKey: publicKey,
            sealedPrivateKey: [UInt8](box.combined), createdAt: createdAt, activeAt: activeAt, retiredAt: retiredAt,
            expiresAt: expiresAt)
    }

    func open(_ sealed: TokenKey) throws -> Curve25519.Signing.PrivateKey {
        guard let box = try? ChaChaPoly.SealedBox(combined: sealed.sealedPrivateKey),
            let bytes = try? ChaChaPoly.open(box, using: key, authenticating: sealed.publicKey)
        else { throw CannotOpen(id: sealed.id) }
        return try Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
    }
}
