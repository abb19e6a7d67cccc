import Crypto
import Foundation

/// Keys for one use each, derived from the installation's root key (HKDF-SHA256, RFC 5869): what one of them gives away
/// says nothing about another.
struct DerivedKeys: Sendable {
    /// What a key is for.
    enum Purpose: String {
        /// HMAC of refresh tokens, as they are stored.
        case refreshTokenHash = "refresh-token-hash"
        /// HMAC by which a refresh token shows that it was made here.
        case refreshTokenTag = "refresh-token-tag"
        /// HMAC that makes a refresh token's successor.
        case refreshTokenSuccessor = "refresh-token-successor"
        /// AEAD over the private keys of access tokens.
        case tokenKeySealing = "token-key-sealing"
    }

    private let root: SymmetricKey

    init(root: SymmetricKey) { self.root = root }

    func key(for purpose: Purpose) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: root, info: Data("datavault.identity.v1 \(purpose.rawValue)".utf8), outputByteCount: 32)
    }
}
