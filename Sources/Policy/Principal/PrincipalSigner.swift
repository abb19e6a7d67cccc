public import Crypto
import FoundationEssentials
import PolicyContract
import SwiftProtobuf

/// Signs principals: the gateway's half of what `PrincipalVerifier` reads.
public struct PrincipalSigner: Sendable {
    private let key: Curve25519.Signing.PrivateKey
    private let keyID: String

    /// - Parameter keyID: How Identity lists the key.
    public init(key: Curve25519.Signing.PrivateKey, keyID: String) {
        (self.key, self.keyID) = (key, keyID)
    }

    /// The bytes for `PrincipalToken.metadataName`. Good for as many calls as the principal names, so a gateway may
    /// keep them until shortly before they end.
    ///
    /// - Throws: swift-crypto's error if the key cannot sign.
    public func sign(_ principal: VerifiedPrincipal) throws -> [UInt8] {
        var signed = Datavault_Policy_V1_SignedPrincipal()
        signed.keyID = keyID
        signed.principal = try PrincipalToken.encode(principal)
        signed.signature = try key.signature(for: PrincipalToken.signedBytes(signed.principal))
        return try signed.serializedBytes()
    }
}
