import Policy

/// Makes access tokens.
struct AccessTokenIssuer: Sendable {
    private let ring: TokenKeyRing
    private let parties: AccessTokenVerifier.Configuration
    let lifetime: Duration
    private let environment: IdentityEnvironment

    init(ring: TokenKeyRing, trustDomain: String, lifetime: Duration, environment: IdentityEnvironment) {
        (self.ring, self.lifetime, self.environment) = (ring, lifetime, environment)
        parties = AccessTokenVerifier.Configuration(trustDomain: trustDomain)
    }

    /// What makes tokens now. Asked before the change that a token tells of, so that nothing changes without one.
    func press() async throws -> Press {
        Press(signer: try await ring.signer(), issuer: self)
    }

    /// Makes tokens without waiting for anything.
    struct Press: Sendable {
        fileprivate let signer: AccessTokenSigner
        fileprivate let issuer: AccessTokenIssuer

        /// A token's text.
        ///
        /// - Parameter now: When the permissions were looked at, in microseconds since 1970.
        func token(
            of user: UserID, in organization: String, session: String, permissions: Set<String>, now: Int64
        ) throws -> String {
            let issuedAt = now / 1_000
            let token = AccessToken(
                id: issuer.environment.identifier(), organization: organization, subject: user.name, session: session,
                permissions: permissions, issuedAt: issuedAt, expiresAt: issuedAt + issuer.lifetime.milliseconds,
                keyID: signer.keyID)
            return try signer.sign(token, issuer: issuer.parties.issuer, audience: issuer.parties.audience)
        }
    }
}
