import Crypto
import Foundation
import ServiceKit

/// Makes keys for access tokens, and keeps their private halves sealed, each bound to its public one.
struct TokenKeySealer: Sendable {
    private let sealer: Sealer

    /// - Parameter former: Root keys that older keys were sealed with.
    init(rootKey: SymmetricKey, former: [SymmetricKey] = []) {
        sealer = Sealer("datavault access token keys, v1", rootKey: rootKey, former: former)
    }

    /// Seals with the present root key what another one has sealed; nil if there is nothing to do.
    func reseal(_ sealed: [UInt8], of id: String) throws -> [UInt8]? { try sealer.reseal(sealed, at: Self.place(id)) }

    /// Makes a key.
    func make(number: Int64, createdAt: Int64, activeAt: Int64, retiredAt: Int64, expiresAt: Int64) throws -> TokenKey {
        let pair = Curve25519.Signing.PrivateKey()
        let publicKey = [UInt8](pair.publicKey.rawRepresentation)
        let id = TokenKey.thumbprint(publicKey)
        return TokenKey(
            id: id, number: number, publicKey: publicKey,
            sealedPrivateKey: try sealer.seal([UInt8](pair.rawRepresentation), at: Self.place(id)),
            createdAt: createdAt, activeAt: activeAt, retiredAt: retiredAt, expiresAt: expiresAt)
    }

    /// - Throws: `Sealer.Failure` if the root key is another one than when the key was made.
    func open(_ key: TokenKey) throws -> Curve25519.Signing.PrivateKey {
        try Curve25519.Signing.PrivateKey(
            rawRepresentation: sealer.open(key.sealedPrivateKey, at: Self.place(key.id)))
    }

    /// The thumbprint stands for the public key.
    private static func place(_ id: String) -> [String] { ["token_keys", id] }
}
