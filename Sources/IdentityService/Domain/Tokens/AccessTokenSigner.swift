import Crypto
import Foundation
import JWTKit
import Policy

/// Writes access tokens in JWS's compact form (RFC 9068). Signs with the key itself, as JWTKit's collection of keys is an
/// actor, and each token would wait for it.
struct AccessTokenSigner: Sendable {
    let keyID: String
    private let key: Curve25519.Signing.PrivateKey
    private let header: String

    init(keyID: String, key: Curve25519.Signing.PrivateKey) throws {
        (self.keyID, self.key) = (keyID, key)
        let header = JWTHeader(fields: [
            "alg": .string(AccessToken.algorithm), "typ": .string(AccessToken.type), "kid": .string(keyID),
        ])
        self.header = TokenKey.base64URL([UInt8](try DefaultJWTSerializer().jsonEncoder.encode(header)))
    }

    /// The token's text.
    func sign(_ token: AccessToken, issuer: String, audience: String) throws -> String {
        let claims = Claims(
            iss: IssuerClaim(value: issuer), aud: AudienceClaim(value: audience),
            sub: SubjectClaim(value: token.subject), jti: IDClaim(value: token.id), org: token.organization,
            sid: token.session, iat: Self.seconds(token.issuedAt), exp: Self.seconds(token.expiresAt),
            perms: token.permissions.sorted())
        let payload = try DefaultJWTSerializer().serialize(claims)
        let signed = "\(header).\(String(decoding: payload, as: UTF8.self))"
        let signature = try key.signature(for: Data(signed.utf8))
        return "\(signed).\(TokenKey.base64URL([UInt8](signature)))"
    }

    /// To the millisecond: a token that is made right after a change of roles must not be taken for an older one.
    private static func seconds(_ milliseconds: Int64) -> Decimal {
        Decimal(milliseconds) / 1_000
    }

    private struct Claims: JWTPayload {
        let iss: IssuerClaim
        let aud: AudienceClaim
        let sub: SubjectClaim
        let jti: IDClaim
        let org: String
        let sid: String
        let iat: Decimal
        let exp: Decimal
        let perms: [String]

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }
}
