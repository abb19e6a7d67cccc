import Crypto
import FoundationEssentials
import PolicyModel

/// Verifies access tokens offline: one algorithm, keys by `kid` from those that Identity publishes, and nothing that the
/// token could ask for otherwise. It remembers nothing: who sees a token often keeps the verdict, with
/// `AccessTokenKeys.generation`.
public struct AccessTokenVerifier: Sendable {
    /// What a token has to keep to.
    public struct Configuration: Sendable {
        /// Who makes tokens, `iss`.
        public var issuer: String
        /// For whom they are made, `aud`: one of the token's audiences is this.
        public var audience: String
        /// How large a token may be, in bytes: some hundred permissions.
        public var maximumSize = 8_192
        /// How long a token may be good from its making, in milliseconds.
        public var maximumLifetime: Int64 = 3_600_000
        /// How far the clocks of two machines may be apart, in milliseconds.
        public var clockSkew: Int64 = 5_000

        /// Names both parties.
        public init(issuer: String, audience: String) { (self.issuer, self.audience) = (issuer, audience) }

        /// The parties of a suite: Identity makes access tokens, for gateways.
        public init(trustDomain: String) {
            self.init(
                issuer: "spiffe://\(trustDomain)/\(Role.identity.rawValue)",
                audience: "spiffe://\(trustDomain)/\(Role.gateway.rawValue)")
        }
    }

    /// Why a token is not believed.
    public enum Refusal: Error, Hashable {
        /// It is malformed, not signed by a key that is known, or made by or for someone else.
        case invalid
        /// Its time is over: a new one is to be had for the refresh token.
        case expired
    }

    private let configuration: Configuration
    private let keys: AccessTokenKeys

    /// Verifies with these keys, as they are at each call.
    public init(_ configuration: Configuration, keys: AccessTokenKeys) {
        (self.configuration, self.keys) = (configuration, keys)
    }

    /// Verifies a token in its compact form, without `Bearer `.
    ///
    /// - Parameter now: Milliseconds since 1970.
    public func verify(_ token: String, now: Int64) throws(Refusal) -> AccessToken {
        guard token.utf8.count <= configuration.maximumSize else { throw .invalid }
        return try verify(Array(token.utf8), now: now)
    }

    /// Verifies a token in its compact form, without `Bearer `.
    ///
    /// - Parameter now: Milliseconds since 1970.
    public func verify(_ token: [UInt8], now: Int64) throws(Refusal) -> AccessToken {
        guard token.count <= configuration.maximumSize, let parts = CompactJWS(token),
            let header = try? JSONDecoder().decode(Header.self, from: parts.header),
            header.alg == AccessToken.algorithm, header.typ == AccessToken.type,
            // An extension that has to be understood is one that we do not understand (RFC 7515, 4.1.11).
            header.crit == nil,
            let key = keys.key(header.kid), key.isValidSignature(parts.signature, for: parts.signed),
            let claims = try? JSONDecoder().decode(Claims.self, from: parts.payload),
            let accessToken = accept(claims, keyID: header.kid)
        else { throw .invalid }
        guard accessToken.issuedAt <= now + configuration.clockSkew else { throw .invalid }
        guard now < accessToken.expiresAt else { throw .expired }
        return accessToken
    }

    private func accept(_ claims: Claims, keyID: String) -> AccessToken? {
        guard claims.iss == configuration.issuer, claims.aud.values.contains(configuration.audience),
            let issuedAt = Self.milliseconds(claims.iat), let expiresAt = Self.milliseconds(claims.exp),
            issuedAt < expiresAt, expiresAt - issuedAt <= configuration.maximumLifetime,
            claims.sub.hasPrefix("users/"), claims.sub.utf8.count > "users/".utf8.count, !claims.org.isEmpty,
            !claims.sid.isEmpty, !claims.jti.isEmpty
        else { return nil }
        return AccessToken(
            id: claims.jti, organization: claims.org, subject: claims.sub, session: claims.sid,
            permissions: Set(claims.perms), issuedAt: issuedAt, expiresAt: expiresAt, keyID: keyID)
    }

    /// Seconds since 1970, with fractions, as milliseconds; nil for what is no time within some hundred thousand years.
    private static func milliseconds(_ seconds: Double) -> Int64? {
        guard seconds.isFinite, seconds >= 0, seconds < 1e13 else { return nil }
        return Int64((seconds * 1_000).rounded())
    }

    private struct Header: Decodable {
        let alg: String
        let typ: String
        let kid: String
        let crit: [String]?
    }

    private struct Claims: Decodable {
        let iss: String
        let aud: Audience
        let sub: String
        let org: String
        let sid: String
        let jti: String
        let iat: Double
        let exp: Double
        let perms: [String]
    }

    /// One text or several (RFC 7519, 4.1.3).
    private struct Audience: Decodable {
        let values: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(String.self) {
                values = [value]
            } else {
                values = try container.decode([String].self)
            }
        }
    }
}
