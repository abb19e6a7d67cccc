import Foundation
import Policy

/// Makes secrets of keys, and what of them is kept.
struct ApiKeyMaker: Sendable {
    /// A secret that was made: what the caller is told, once, and what is kept.
    struct Made: Sendable {
        let text: String
        let kept: ApiKeySecret
        /// The beginning that people tell it by; empty for a signing secret.
        let shownPrefix: String
    }

    /// Bytes of a signing secret.
    static let signingSize = 32

    let vault: SecretVault
    let environment: IdentityEnvironment

    func make(_ kind: ApiKeySecret.Kind, of key: String, at now: Int64) throws -> Made {
        let id = environment.identifier()
        func kept(_ material: [UInt8]) -> ApiKeySecret {
            ApiKeySecret(id: id, key: key, kind: kind, material: material, createdAt: now)
        }
        switch kind {
        case .secret:
            guard let secret = ApiKeyText(random: environment.randomBytes(ApiKeyText.randomSize)) else {
                preconditionFailure("a generator gave another number of bytes than it was asked for")
            }
            return Made(text: secret.text, kept: kept(vault.hash(secret.text)), shownPrefix: secret.shownPrefix)
        case .signing:
            let bytes = environment.randomBytes(Self.signingSize)
            return Made(
                text: Self.text(ofSigning: bytes), kept: kept(try vault.seal(bytes, at: [key, id])), shownPrefix: "")
        }
    }

    /// The bytes of a signing secret that was kept.
    static func signingSecret(_ kept: ApiKeySecret, _ vault: SecretVault) throws -> [UInt8] {
        try vault.open(kept.material, at: [kept.key, kept.id])
    }

    /// base64url without padding (RFC 4648, 5).
    static func text(ofSigning bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
